using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators;

/// <summary>Operators that give back all values in another order or shape.</summary>
static class Arrangement
{
    public static (string, Compile)[] All { get; } =
    [
        ("Concat", Concat), ("Flatten", Flatten), ("Reshape", Reshape), ("Transpose", Transpose), ("Squeeze", Squeeze),
        ("Unsqueeze", Unsqueeze),
        ("Expand", Expand), ("Tile", Tile), ("Pad", Pad), ("DepthToSpace", DepthToSpace), ("SpaceToDepth", SpaceToDepth),
    ];

    static Step Concat(NodeCompiler node)
    {
        int[] inputs = [.. Enumerable.Range(0, node.Node.Inputs.Count).Select(node.Needed)];
        int output = node.Output();
        long axis = node.Node.Int("axis", 1);
        return frame => frame.Slots[output] = cat([.. inputs.Select(slot => frame.Slots[slot])], axis);
    }

    static Step Flatten(NodeCompiler node)
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

    static Step Reshape(NodeCompiler node)
    {
        bool zeroCopies = node.Node.Int("allowzero", 0) == 0;
        return node.WithInts(1, (x, shape) =>
            x.reshape([.. shape!.Select((length, axis) => length == 0 && zeroCopies ? x.shape[axis] : length)]));
    }

    static Step Transpose(NodeCompiler node)
    {
        long[] order = node.Node.Ints("perm");
        return Elementwise.Unary(node,
            x => x.permute(order.Length > 0 ? order
                : [.. Enumerable.Range(0, (int)x.dim()).Reverse().Select(axis => (long)axis)]));
    }

    static Step Squeeze(NodeCompiler node)
    {
        long[]? axes = node.Axes();
        return Elementwise.Unary(node, x => axes is null ? x.squeeze()
            : axes.Select(axis => Positive(axis, x.dim())).OrderDescending()
                .Aggregate(x.alias(), static (y, axis) => y.squeeze(axis)));
    }

    static Step Unsqueeze(NodeCompiler node)
    {
        long[] axes = node.Axes() ?? throw UnsupportedOperatorException.Use(node.Node, "the axes are missing");
        return Elementwise.Unary(node, x => axes.Select(axis => Positive(axis, x.dim() + axes.Length)).Order()
            .Aggregate(x.alias(), static (y, axis) => y.unsqueeze(axis)));
    }

    static Step Expand(NodeCompiler node) => node.WithInts(1, (x, target) =>
    {
        long[] shape = [.. Enumerable.Repeat(1L, Math.Max(0, target!.Length - (int)x.dim())), .. x.shape];
        for (int back = 1; back <= target.Length; back++)
            shape[^back] = target[^back] == 1 ? shape[^back] : target[^back];
        return x.expand(shape);
    });

    static Step Tile(NodeCompiler node) => node.WithInts(1, static (x, repeats) => x.repeat(repeats!));

    static Step Pad(NodeCompiler node)
    {
        string mode = node.Node.Text("mode", "constant");
        if (mode is not ("constant" or "reflect" or "edge"))
            throw UnsupportedOperatorException.Use(node.Node, $"mode '{mode}' is not supported");
        long[] pads = node.Node.Has("pads") ? node.Node.Ints("pads")
            : node.ConstantInts(1) ?? throw UnsupportedOperatorException.Use(node.Node, "the pads are missing");
        long[]? axes = node.ConstantInts(3);
        float value = node.ConstantFloat(2) ?? node.Node.Float("value", 0);
        return Elementwise.Unary(node, x =>
        {
            int rank = (int)x.dim();
            var (before, after) = (new long[rank], new long[rank]);
            for (int index = 0; index < pads.Length / 2; index++)
            {
                long axis = axes is null ? index : Positive(axes[index], rank);
                (before[axis], after[axis]) = (pads[index], pads[pads.Length / 2 + index]);
            }

            return mode == "constant"
                ? nn.functional.pad(x, [.. Enumerable.Range(0, rank).Reverse()
                    .SelectMany(axis => new[] { before[axis], after[axis] })], TorchSharp.PaddingModes.Constant, value)
                : Enumerable.Range(0, rank).Where(axis => before[axis] != 0 || after[axis] != 0)
                    .Aggregate(x, (y, axis) =>
                        y.index_select(axis, tensor(Mirrored(y.shape[axis], before[axis], after[axis], mode == "edge"))));
        });
    }

    static long[] Mirrored(long length, long before, long after, bool isEdge)
    {
        long period = Math.Max(1, 2 * (length - 1));
        long Reflected(long place) => (place % period + period) % period is var within && within < length ? within
            : period - within;
        return [.. Enumerable.Range(0, (int)(before + length + after)).Select(index => index - before)
            .Select(place => isEdge ? Math.Clamp(place, 0, length - 1) : Reflected(place))];
    }

    static Step DepthToSpace(NodeCompiler node)
    {
        long block = node.Node.Int("blocksize", 1);
        bool isColumnFirst = node.Node.Text("mode", "DCR") == "CRD";
        return Elementwise.Unary(node, x =>
        {
            long count = x.shape[0], depth = x.shape[1] / (block * block), height = x.shape[2], width = x.shape[3];
            var blocks = isColumnFirst
                ? x.reshape(count, depth, block, block, height, width).permute(0, 1, 4, 2, 5, 3)
                : x.reshape(count, block, block, depth, height, width).permute(0, 3, 4, 1, 5, 2);
            return blocks.reshape(count, depth, height * block, width * block);
        });
    }

    static Step SpaceToDepth(NodeCompiler node)
    {
        long block = node.Node.Int("blocksize", 1);
        return Elementwise.Unary(node, x =>
        {
            long count = x.shape[0], depth = x.shape[1], height = x.shape[2] / block, width = x.shape[3] / block;
            return x.reshape(count, depth, height, block, width, block).permute(0, 3, 5, 1, 2, 4)
                .reshape(count, depth * block * block, height, width);
        });
    }

    static long Positive(long axis, long rank) => axis < 0 ? axis + rank : axis;
}
