using Plume.Models.Graph;
using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators;

/// <summary>Operators that make values out of nothing but shapes and numbers.</summary>
static class Numbers
{
    public static (string, Compile)[] All { get; } =
        [("Constant", Constant), ("Shape", Shape), ("Size", node => Elementwise.Unary(node, static x => tensor(x.numel()))),
            ("ConstantOfShape", Fill), ("Range", Range)];

    static Step Constant(NodeCompiler node)
    {
        int output = node.Output();
        var value = node.Node.Tensor("value")
            ?? throw UnsupportedOperatorException.Use(node.Node, "only the attribute 'value' is supported");
        var constant = NodeCompiler.TensorOf(value);
        constant.DetachFromDisposeScope();
        return frame => frame.Slots[output] = constant;
    }

    static Step Shape(NodeCompiler node)
    {
        long start = node.Node.Int("start", 0), end = node.Node.Int("end", long.MaxValue);
        return Elementwise.Unary(node, x =>
        {
            long[] shape = x.shape;
            long Place(long place) => Math.Clamp(place < 0 ? place + shape.Length : place, 0, shape.Length);
            long[] part = [.. shape.Take((int)Place(end)).Skip((int)Place(start))];
            return tensor(part, [part.Length]);
        });
    }

    static Step Fill(NodeCompiler node)
    {
        using var value = NodeCompiler.TensorOf(node.Node.Tensor("value") ?? Initializer.Of("", [1], [0f])).reshape([]);
        var kept = value.clone();
        kept.DetachFromDisposeScope();
        int output = node.Output();
        var shape = node.Ints(0, "");
        return frame => frame.Slots[output] = kept.expand(shape(frame)!);
    }

    static Step Range(NodeCompiler node)
    {
        int start = node.Needed(0), limit = node.Needed(1), step = node.Needed(2), output = node.Output();
        return frame =>
        {
            var type = frame.Slots[start].dtype;
            double from = Number(frame.Slots[start]), to = Number(frame.Slots[limit]), by = Number(frame.Slots[step]);
            int count = (int)Math.Max(0, Math.Ceiling((to - from) / by));
            frame.Slots[output] = tensor([.. Enumerable.Range(0, count).Select(index => from + index * by)], [count])
                .to_type(type);
        };
    }

    static double Number(Tensor x) => x.to_type(ScalarType.Float64).reshape([]).item<double>();
}
