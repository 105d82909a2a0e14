using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators;

/// <summary>Operators that give back some of the values.</summary>
static class Selection
{
    public static (string, Compile)[] All { get; } = [("Gather", Gather), ("Slice", Slice), ("Split", Split)];

    static Step Gather(NodeCompiler node)
    {
        long along = node.Node.Int("axis", 0);
        return Elementwise.Binary(node, (x, indices) =>
        {
            long axis = along < 0 ? along + x.dim() : along;
            var wide = indices.to_type(ScalarType.Int64);
            var places = where(wide.lt(0), wide + x.shape[axis], wide).reshape(-1);
            return x.index_select(axis, places)
                .reshape([.. x.shape[..(int)axis], .. indices.shape, .. x.shape[(int)(axis + 1)..]]);
        });
    }

    static Step Slice(NodeCompiler node)
    {
        int input = node.Needed(0), output = node.Output();
        var (starts, ends, axes, steps) =
            (node.Ints(1, "starts"), node.Ints(2, "ends"), node.Ints(3, "axes"), node.Ints(4, "steps"));
        return frame =>
        {
            var x = frame.Slots[input].alias();
            long[] from = starts(frame) ?? [], to = ends(frame) ?? [], along = axes(frame)
                ?? [.. from.Select((_, axis) => (long)axis)];
            long[] strides = steps(frame) ?? [.. from.Select(_ => 1L)];
            for (int index = 0; index < along.Length; index++)
                x = Part(x, along[index] < 0 ? along[index] + x.dim() : along[index], from[index], to[index], strides[index]);
            frame.Slots[output] = x;
        };
    }

    static Tensor Part(Tensor x, long axis, long start, long end, long step)
    {
        long length = x.shape[axis];
        long first = Math.Clamp(start < 0 ? start + length : start, 0, step > 0 ? length : Math.Max(0, length - 1));
        long last = step > 0 ? Math.Clamp(end < 0 ? end + length : end, 0, length) : end < -length ? -1
            : Math.Clamp(end < 0 ? end + length : end, -1, length - 1);
        if (step > 0)
            return x.slice(axis, first, Math.Max(first, last), Math.Min(step, Math.Max(1, length)));
        long stride = step == long.MinValue ? long.MaxValue : -step;
        long count = first <= last ? 0 : (first - last - 1) / stride + 1;
        return x.index_select(axis,
            tensor([.. Enumerable.Range(0, (int)count).Select(index => first - index * stride)], [count]));
    }

    static Step Split(NodeCompiler node)
    {
        int input = node.Needed(0);
        int[] outputs = [.. node.Node.Outputs.Select((name, index) => name.Length > 0 ? node.Output(index) : -1)];
        long axis = node.Node.Int("axis", 0);
        var given = node.Ints(1, "split");
        return frame =>
        {
            var x = frame.Slots[input];
            long along = axis < 0 ? axis + x.dim()
                : axis, length = x.shape[along], each = (length + outputs.Length - 1) / outputs.Length, from = 0;
            long[]? lengths = given(frame);
            for (int part = 0; part < outputs.Length; part++)
            {
                long count = lengths is null ? Math.Min(each, length - from) : lengths[part];
                if (outputs[part] >= 0)
                    frame.Slots[outputs[part]] = x.narrow(along, from, count);
                from += count;
            }
        };
    }
}
