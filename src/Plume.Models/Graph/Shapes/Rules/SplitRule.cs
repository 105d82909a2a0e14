namespace Plume.Models.Graph.Shapes.Rules;

/// <summary>Shapes of the parts along one axis.</summary>
static class SplitRule
{
    public static IReadOnlyList<Dimension> First(NodeInputs inputs) => Further(inputs, inputs.Shape(0), 0);

    public static IReadOnlyList<Dimension> Further(NodeInputs inputs, IReadOnlyList<Dimension> first, int slot)
    {
        var shape = inputs.Shape(0).ToArray();
        int axis = inputs.Axis(inputs.Node.Int("axis", 0), shape.Length);
        shape[axis] = Lengths(inputs, shape[axis]) is { } lengths ? Dimension.Fixed(lengths[slot]) : Dimension.Symbol("");
        return shape;
    }

    /// <summary>
    /// The lengths of the parts: as given, or equal ones of which the last may be shorter; null where the axis has no fixed
    /// length.
    /// </summary>
    public static long[]? Lengths(NodeInputs inputs, Dimension whole)
    {
        int parts = inputs.Node.Outputs.Count;
        long[] given = inputs.InputOrAttribute(1, "split");
        if (given.Length > 0)
        {
            bool fits = given.Length == parts && given.All(length => length is >= 0 and <= int.MaxValue)
                && (!whole.IsFixed || given.Sum() == whole.Length);
            return fits ? given : throw inputs.Fail(
                $"its parts [{string.Join(", ", given)}] must be {parts} and make up {whole}");
        }

        if (!whole.IsFixed)
            return null;
        if (!inputs.Node.Has("num_outputs") && whole.Length % parts != 0)
            throw inputs.Fail($"{whole} values cannot be split into {parts} equal parts");
        long each = (whole.Length + parts - 1) / parts;
        long[] lengths = [.. Enumerable.Range(0, parts).Select(part => Math.Clamp(whole.Length - part * each, 0, each))];
        return lengths.Sum() == whole.Length ? lengths : throw inputs.Fail($"{whole} values cannot be split into {parts} parts");
    }
}
