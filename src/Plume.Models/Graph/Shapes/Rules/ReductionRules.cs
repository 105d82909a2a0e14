namespace Plume.Models.Graph.Shapes.Rules;

/// <summary>Shapes behind operators that take values together along axes.</summary>
static class ReductionRules
{
    public static IReadOnlyList<Dimension> Reduce(NodeInputs inputs)
    {
        var data = inputs.Shape(0);
        var axes = Axes(inputs, data.Count);
        return inputs.Node.Int("keepdims", 1) != 0
            ? [.. data.Select((length, axis) => axes.Contains(axis) ? 1 : length)]
            : [.. data.Where((_, axis) => !axes.Contains(axis))];
    }

    public static IReadOnlyList<Dimension> Arg(NodeInputs inputs)
    {
        var data = inputs.Shape(0);
        int reduced = inputs.Axis(inputs.Node.Int("axis", 0), data.Count);
        return inputs.Node.Int("keepdims", 1) != 0
            ? [.. data.Select((length, axis) => axis == reduced ? 1 : length)]
            : [.. data.Where((_, axis) => axis != reduced)];
    }

    /// <summary>The axes that a node reduces: those it names, else all, or none where it says so.</summary>
    public static HashSet<int> Axes(NodeInputs inputs, int rank)
    {
        HashSet<int> named = [.. inputs.InputOrAttribute(1, "axes").Select(axis => inputs.Axis(axis, rank))];
        return named.Count > 0 || inputs.Node.Int("noop_with_empty_axes", 0) != 0 ? named : [.. Enumerable.Range(0, rank)];
    }
}
