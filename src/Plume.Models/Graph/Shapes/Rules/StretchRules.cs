namespace Plume.Models.Graph.Shapes.Rules;

/// <summary>Shapes behind operators that repeat values or add others around them.</summary>
static class StretchRules
{
    public static IReadOnlyList<Dimension> Expand(NodeInputs inputs)
    {
        var target = inputs.Numbers(1)
            ?? throw inputs.Fail($"input 1 must be at most {KnownValues.MaximumRank} integers that follow from constants and "
                + $"shapes");
        if (target.Any(number => number.Value is < 0 or > int.MaxValue))
            throw inputs.Fail($"the new shape [{string.Join(", ", target.Select(number => number.Value))}] must have lengths");
        return ElementwiseRules.Broadcast(inputs, inputs.Shape(0),
            [.. target.Select(number => number.Symbol ?? Dimension.Fixed(number.Value))]);
    }

    public static IReadOnlyList<Dimension> Tile(NodeInputs inputs)
    {
        var data = inputs.Shape(0);
        long[] repeats = inputs.Constants(1, data.Count);
        if (repeats.Any(repeat => repeat is < 0 or > int.MaxValue))
            throw inputs.Fail($"the repeats [{string.Join(", ", repeats)}] must be numbers from 0 to {int.MaxValue}");
        return [.. data.Select((length, axis) => repeats[axis] == 1 ? length : length.IsFixed
            ? Dimension.Fixed(Math.Min(length.Length, int.MaxValue) * repeats[axis]) : Dimension.Symbol(""))];
    }

    public static IReadOnlyList<Dimension> Pad(NodeInputs inputs)
    {
        var data = inputs.Shape(0);
        var (before, after) = Pads(inputs, data.Count);
        return [.. data.Select((length, axis) => Padded(inputs, length, before[axis] + after[axis], axis))];
    }

    /// <summary>What is added in front of and behind each axis; negative where values are cut off.</summary>
    public static (long[] Before, long[] After) Pads(NodeInputs inputs, int rank)
    {
        long[] pads = inputs.InputOrAttribute(1, "pads");
        long[] axes = inputs.Has(3) ? inputs.Constants(3) : [.. Enumerable.Range(0, rank).Select(axis => (long)axis)];
        if (pads.Length != 2 * axes.Length || pads.Any(pad => Math.Abs((double)pad) > int.MaxValue))
            throw inputs.Fail($"its pads must be {2 * axes.Length} numbers, but are [{string.Join(", ", pads)}]");
        var (before, after) = (new long[rank], new long[rank]);
        foreach (var (named, index) in axes.Select((axis, index) => (inputs.Axis(axis, rank), index)))
            (before[named], after[named]) = (pads[index], pads[axes.Length + index]);
        return (before, after);
    }

    static Dimension Padded(NodeInputs inputs, Dimension length, long added, int axis) => added == 0 ? length
        : !length.IsFixed ? Dimension.Symbol("")
        : length.Length + added >= 0 ? Dimension.Fixed(length.Length + added)
        : throw inputs.Fail($"it takes more away from axis {axis} than its {length} values");
}
