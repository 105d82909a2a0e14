namespace Plume.Models.Graph.Shapes.Rules;

/// <summary>The shape of a part of the values: from a start to an end, in steps, along some axes.</summary>
static class SliceRule
{
    public static IReadOnlyList<Dimension> Slice(NodeInputs inputs)
    {
        var shape = inputs.Shape(0).ToArray();
        var (starts, ends, axes, steps) = Bounds(inputs, shape.Length);
        for (int index = 0; index < axes.Length; index++)
            shape[axes[index]] = Length(shape[axes[index]], starts[index], ends[index], steps[index]);
        return shape;
    }

    /// <summary>
    /// The bounds as the node gives them: inputs from operator set 10 on, attributes before. A bound that is not known is null.
    /// </summary>
    public static (long?[] Starts, long?[] Ends, int[] Axes, long[] Steps) Bounds(NodeInputs inputs, int rank)
    {
        long?[] starts = Given(inputs, 1, "starts"), ends = Given(inputs, 2, "ends");
        long[] axes = inputs.InputOrAttribute(3, "axes"), steps = inputs.Has(4) ? inputs.Constants(4)
            : [.. starts.Select(_ => 1L)];
        if (axes.Length == 0)
            axes = [.. starts.Select((_, axis) => (long)axis)];
        if (starts.Length != ends.Length || axes.Length != starts.Length || steps.Length != starts.Length || steps.Contains(0))
            throw inputs.Fail("its starts, ends, axes and steps must be of one length, and steps not 0");
        return (starts, ends, [.. axes.Select(axis => inputs.Axis(axis, rank))], steps);
    }

    /// <summary>First index and number of indices of a slice; the bounds are clamped as ONNX says.</summary>
    public static (long First, long Count) Span(long length, long start, long end, long step)
    {
        long Clamp(long bound) =>
            Math.Clamp(bound < 0 ? bound + length : bound, step > 0 ? 0 : -1, step > 0 ? length : length - 1);
        long first = Math.Clamp(start < 0 ? start + length : start, 0, step > 0 ? length : Math.Max(0, length - 1)),
            last = end < -length && step < 0 ? -1 : Clamp(end);
        long room = step > 0 ? last - first : first - last;
        long stride = step == long.MinValue ? long.MaxValue : Math.Abs(step);
        return (first, room <= 0 ? 0 : (room - 1) / stride + 1);
    }

    static Dimension Length(Dimension length, long? start, long? end, long step)
    {
        if (start == 0 && step == 1 && end >= int.MaxValue)
            return length;
        return length.IsFixed && start is { } from && end is { } to ? Dimension.Fixed(Span(length.Length, from, to, step).Count)
            : Dimension.Symbol("");
    }

    static long?[] Given(NodeInputs inputs, int slot, string attribute)
    {
        if (!inputs.Has(slot))
            return [.. inputs.Node.Ints(attribute).Select(value => (long?)value)];
        if (inputs.Numbers(slot) is { } numbers)
            return [.. numbers.Select(number => number.Symbol is null ? number.Value : (long?)null)];
        return inputs.Shape(slot, rank: 1)[0] is { IsFixed: true, Length: <= KnownValues.MaximumRank } length
            ? new long?[length.Length]
            : throw inputs.Fail($"input {slot} must be at most {KnownValues.MaximumRank} integers");
    }
}
