using Plume.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators;

/// <summary>Arithmetic value by value.</summary>
static class Elementwise
{
    public static (string, Compile)[] All { get; } =
    [
        ("Add", node => Binary(node, static (left, right) => left.Plus(right))),
        ("Sub", node => Binary(node, static (left, right) => left - right)),
        ("Mul", node => Binary(node, static (left, right) => left * right)),
        ("Div", node => Binary(node, Quotient)),
        ("Pow", node => Binary(node, static (left, right) => left.pow(right).to_type(left.dtype))),
        ("Mod", Mod),
        ("Max", node => Joined(node, static (left, right) => left.maximum(right))),
        ("Min", node => Joined(node, static (left, right) => left.minimum(right))),
        ("Sum", node => Joined(node, static (left, right) => left.Plus(right))),
        ("Mean", node => Joined(node, static (left, right) => left + right, node.Node.Inputs.Count)),
        ("Sqrt", node => Unary(node, static x => x.sqrt())),
        ("Exp", node => Unary(node, static x => x.exp())),
        ("Log", node => Unary(node, static x => x.log())),
        ("Neg", node => Unary(node, static x => -x)),
        ("Abs", node => Unary(node, static x => x.abs())),
        ("Erf", node => Unary(node, static x => x.erf())),
        ("Reciprocal", node => Unary(node, static x => x.reciprocal())),
        ("Floor", node => Unary(node, static x => x.floor())),
        ("Ceil", node => Unary(node, static x => x.ceil())),
        ("Round", node => Unary(node, static x => x.round())),
        ("Sign", node => Unary(node, static x => x.sign())),
        ("Sin", node => Unary(node, static x => x.sin())),
        ("Cos", node => Unary(node, static x => x.cos())),
        ("Identity", node => Unary(node, static x => x.alias())),
        ("Cast", Cast), ("Clip", Clip), ("Dropout", Dropout),
    ];

    public static Step Unary(NodeCompiler node, Func<Tensor, Tensor> function)
    {
        int input = node.Needed(0), output = node.Output();
        return frame => frame.Slots[output] = function(frame.Slots[input]);
    }

    public static Step Binary(NodeCompiler node, Func<Tensor, Tensor, Tensor> function)
    {
        int left = node.Needed(0), right = node.Needed(1), output = node.Output();
        return frame => frame.Slots[output] = function(frame.Slots[left], frame.Slots[right]);
    }

    static Step Joined(NodeCompiler node, Func<Tensor, Tensor, Tensor> function, int divisor = 1)
    {
        int[] inputs = [.. Enumerable.Range(0, node.Node.Inputs.Count).Select(node.Needed)];
        int output = node.Output();
        return frame =>
        {
            var all = inputs.Skip(1).Aggregate(frame.Slots[inputs[0]].alias(), (left, slot) => function(left, frame.Slots[slot]));
            frame.Slots[output] = divisor == 1 ? all : all / divisor;
        };
    }

    // Integers are divided towards zero.
    static Tensor Quotient(Tensor left, Tensor right) => left.is_floating_point() ? left / right
        : left.div(right, RoundingMode.trunc);

    static Step Mod(NodeCompiler node)
    {
        bool keepsSign = node.Node.Int("fmod", 0) != 0;
        return Binary(node, (left, right) => keepsSign ? left.fmod(right) : left.remainder(right));
    }

    static Step Cast(NodeCompiler node)
    {
        var type = NodeCompiler.TypeOf((Models.Graph.ElementType)node.Node.Int("to", 1))
            ?? throw UnsupportedOperatorException.Use(node.Node, $"a cast to type {node.Node.Int("to", 1)} is not supported");
        return Unary(node, x => x.dtype == type ? x.alias() : type == ScalarType.Bool ? x.ne(Scalars.Zero) : x.to_type(type));
    }

    static Step Clip(NodeCompiler node)
    {
        float? low = node.Node.Has("min") ? node.Node.Float("min", 0) : node.ConstantFloat(1);
        float? high = node.Node.Has("max") ? node.Node.Float("max", 0) : node.ConstantFloat(2);
        return Unary(node, x => x.Within(low ?? float.NegativeInfinity, high ?? float.PositiveInfinity));
    }

    /// <summary>Drops values while training, by draws that belong to the step, and scales the others up.</summary>
    static Step Dropout(NodeCompiler node)
    {
        node.RequireOneOutput();
        float ratio = node.ConstantFloat(1) ?? node.Node.Float("ratio", 0.5f);
        int input = node.Needed(0), output = node.Output();
        return frame =>
        {
            var x = frame.Slots[input];
            if (!frame.Training || ratio == 0)
            {
                frame.Slots[output] = x.alias();
                return;
            }

            using var least = ratio.ToScalar();
            using var generator = new Generator(frame.Key.Fold((ulong)output).Value);
            var keep = rand(x.shape, generator: generator).ge(least).to_type(ScalarType.Float32);
            frame.Slots[output] = x * keep / (1 - ratio);
        };
    }
}
