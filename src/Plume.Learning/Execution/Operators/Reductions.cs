using Plume.Learning.Native;
using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators;

/// <summary>Operators that take values together along axes.</summary>
static class Reductions
{
    delegate Tensor Reduction(Tensor x, long[] axes, bool keep);

    public static (string, Compile)[] All { get; } =
    [
        ("ReduceMean", node => Reduce(node, static (x, axes, keep) => x.mean(axes, keepdim: keep))),
        ("ReduceSum", node => Reduce(node, static (x, axes, keep) => x.sum(axes, keepdim: keep))),
        ("ReduceMax", node => Reduce(node, static (x, axes, keep) => x.amax(axes, keep))),
        ("ReduceMin", node => Reduce(node, static (x, axes, keep) => x.amin(axes, keep))),
        ("ReduceProd", node => Reduce(node, Product)),
        ("ReduceL1", node => ReduceChanged(node, static (x, axes, keep) => x.abs().sum(axes, keepdim: keep))),
        ("ReduceL2", node => ReduceChanged(node, static (x, axes, keep) => (x * x).sum(axes, keepdim: keep).sqrt())),
        ("ReduceSumSquare", node => ReduceChanged(node, static (x, axes, keep) => (x * x).sum(axes, keepdim: keep))),
        ("ReduceLogSum", node => ReduceChanged(node, static (x, axes, keep) => x.sum(axes, keepdim: keep).log())),
        ("ReduceLogSumExp", node => Reduce(node, LogSumExp)),
        ("ArgMax", node => Arg(node, static (x, axis, keep) => x.argmax(axis, keep))),
        ("ArgMin", node => Arg(node, static (x, axis, keep) => x.argmin(axis, keep))),
    ];

    static Step Reduce(NodeCompiler node, Reduction reduction)
    {
        long[] named = node.Axes() ?? [];
        bool keep = node.Node.Int("keepdims", 1) != 0, isIdle = named.Length == 0
            && node.Node.Int("noop_with_empty_axes", 0) != 0;
        return Elementwise.Unary(node, x => isIdle ? x.alias()
            : reduction(x, named.Length > 0 ? named : [.. Enumerable.Range(0, (int)x.dim()).Select(axis => (long)axis)], keep));
    }

    // Of no axes, ONNX's text and its runtimes differ on whether values are changed one by one.
    static Step ReduceChanged(NodeCompiler node, Reduction reduction) =>
        node.Node.Int("noop_with_empty_axes", 0) != 0 && node.Axes() is null or []
        ? throw UnsupportedOperatorException.Use(node.Node, "noop_with_empty_axes is not supported")
        : Reduce(node, reduction);

    static Step Arg(NodeCompiler node, Func<Tensor, long, bool, Tensor> function)
    {
        if (node.Node.Int("select_last_index", 0) != 0)
            throw UnsupportedOperatorException.Use(node.Node, "the last of equal values cannot be asked for");
        long axis = node.Node.Int("axis", 0);
        bool keep = node.Node.Int("keepdims", 1) != 0;
        return Elementwise.Unary(node, x => function(x, axis, keep));
    }

    static Tensor Product(Tensor x, long[] axes, bool keep)
    {
        long[] positive = [.. axes.Select(axis => axis < 0 ? axis + x.dim() : axis).OrderDescending()];
        return positive.Aggregate(x.alias(), (y, axis) => y.prod(axis, keep));
    }

    static Tensor LogSumExp(Tensor x, long[] axes, bool keep)
    {
        var largest = x.amax(axes, true);
        var sum = (x - largest).exp().sum(axes, keepdim: true).log().Plus(largest);
        return keep ? sum : sum.reshape(x.amax(axes, false).shape);
    }
}
