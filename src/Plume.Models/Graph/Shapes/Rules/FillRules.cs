namespace Plume.Models.Graph.Shapes.Rules;

/// <summary>Shapes and values of operators that fill a tensor: with one number, or by counting.</summary>
static class FillRules
{
    public static IReadOnlyList<Dimension> ConstantOfShape(NodeInputs inputs)
    {
        if (inputs.Numbers(0) is { } lengths)
        {
            return lengths.All(length => length.Symbol is not null || length.Value is >= 0 and <= int.MaxValue)
                ? [.. lengths.Select(length => length.Symbol ?? Dimension.Fixed(length.Value))]
                : throw inputs.Fail("its lengths must not be negative");
        }

        return inputs.Shape(0, rank: 1)[0] is { IsFixed: true, Length: <= KnownValues.MaximumRank } rank
            ? [.. Enumerable.Repeat(Dimension.Symbol(""), (int)rank.Length)]
            : throw inputs.Fail($"input 0 must be at most {KnownValues.MaximumRank} integers");
    }

    public static Number[]? Filled(NodeInputs inputs)
    {
        if (inputs.Numbers(0) is not { } lengths || lengths.Any(length => length.Symbol is not null))
            return null;
        long count = Shapes.Lengths.Product([.. lengths.Select(length => Dimension.Fixed(length.Value))]);
        return count <= KnownValues.MaximumRank
            && inputs.Node.Tensor("value") is { ElementType: ElementType.Int64, Length: 1 } value
            ? [.. Enumerable.Repeat((Number)value.Ints[0], (int)count)]
            : null;
    }

    public static IReadOnlyList<Dimension> Range(NodeInputs inputs) => Bounds(inputs) is var (start, limit, step)
        ? [Dimension.Fixed(Math.Min(CountOf(start, limit, step), 1L << 32))]
        : [Dimension.Symbol("")];

    public static Number[]? Counted(NodeInputs inputs) =>
        Bounds(inputs) is var (start, limit, step) && CountOf(start, limit, step) is <= KnownValues.MaximumRank and var count
        ? [.. Enumerable.Range(0, (int)count).Select(index => (Number)(start + index * step))]
        : null;

    static (long Start, long Limit, long Step)? Bounds(NodeInputs inputs)
    {
        long?[] bounds = [.. Enumerable.Range(0, 3)
            .Select(slot => inputs.Numbers(slot) is [{ Symbol: null } number] ? number.Value : (long?)null)];
        return bounds is [{ } start, { } limit, { } step] && step != 0
            && bounds.All(bound => Math.Abs((double)bound!.Value) <= int.MaxValue)
            ? (start, limit, step)
            : null;
    }

    static long CountOf(long start, long limit, long step) => Math.Max(0, (limit - start + step - Math.Sign(step)) / step);
}
