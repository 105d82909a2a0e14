using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators;

/// <summary>Operators that move values about, or reduce them, by shape and axis.</summary>
static class Arrangement
{
    public static Step Concat(NodeCompiler node)
    {
        int[] inputs = [.. Enumerable.Range(0, node.Node.Inputs.Count).Select(node.Needed)];
        int output = node.Output();
        long axis = node.Node.Int("axis", 1);
        return frame => frame.Slots[output] = cat([.. inputs.Select(slot => frame.Slots[slot])], axis);
    }

    public static Step Flatten(NodeCompiler node)
    {
        long axis = node.Node.Int("axis", 1);
        return Elementwise.Unary(node, x =>
        {
            long rows = 1;
            for (int i = 0; i < (axis < 0 ? axis + x.dim() : axis); i++)
                rows *= x.shape[i];
            return x.reshape(rows, rows == 0 ? 0 : x.numel() / rows);
        });
    }

    public static Step Reshape(NodeCompiler node)
    {
        long[] shape = node.ConstantInts(1) ?? throw UnsupportedOperatorException.Use(node.Node, "the shape is missing");
        return Elementwise.Unary(node, x => x.reshape([.. shape.Select((length, axis) => length == 0 ? x.shape[axis] : length)]));
    }

    public static Step Transpose(NodeCompiler node)
    {
        long[] order = node.Node.Ints("perm");
        return Elementwise.Unary(node, x => x.permute(order.Length > 0 ? order : [.. Enumerable.Range(0, (int)x.dim()).Reverse().Select(axis => (long)axis)]));
    }

    public static Step Squeeze(NodeCompiler node)
    {
        long[]? axes = Axes(node);
        return Elementwise.Unary(node, x => axes is null ? x.squeeze() : axes.Select(axis => Positive(axis, x.dim())).OrderDescending().Aggregate(x, static (y, axis) => y.squeeze(axis)));
    }

    public static Step Unsqueeze(NodeCompiler node)
    {
        long[] axes = Axes(node) ?? throw UnsupportedOperatorException.Use(node.Node, "the axes are missing");
        return Elementwise.Unary(node, x => axes.Select(axis => Positive(axis, x.dim() + axes.Length)).Order().Aggregate(x, static (y, axis) => y.unsqueeze(axis)));
    }

    public static Step ReduceMean(NodeCompiler node)
    {
        long[]? axes = Axes(node);
        bool keep = node.Node.Int("keepdims", 1) != 0;
        return Elementwise.Unary(node, x => x.mean(axes ?? [.. Enumerable.Range(0, (int)x.dim()).Select(axis => (long)axis)], keepdim: keep));
    }

    public static Step Constant(NodeCompiler node)
    {
        int output = node.Output();
        var value = node.Node.Tensor("value") ?? throw UnsupportedOperatorException.Use(node.Node, "only the attribute 'value' is supported");
        var constant = NodeCompiler.TensorOf(value);
        constant.DetachFromDisposeScope();
        return frame => frame.Slots[output] = constant;
    }

    // An attribute up to opset 12, an input from 13 on.
    static long[]? Axes(NodeCompiler node) => node.Node.Has("axes") ? node.Node.Ints("axes") : node.ConstantInts(1);

    static long Positive(long axis, long rank) => axis < 0 ? axis + rank : axis;
}
