namespace Plume.Models.Graph.Shapes.Rules;

/// <summary>Shapes of operators that rearrange values without changing them, or take them together along an axis.</summary>
static class ArrangementRules
{
    public static IReadOnlyList<Dimension> Constant(NodeInputs inputs) => inputs.Node.Tensor("value") is { } tensor
        ? [.. tensor.Shape.Select(length => (Dimension)length)]
        : throw inputs.Fail("it must have the attribute 'value'");

    public static IReadOnlyList<Dimension> Flatten(NodeInputs inputs)
    {
        var data = inputs.Shape(0);
        long axis = inputs.Node.Int("axis", 1);
        int split = axis == data.Count ? data.Count : inputs.Axis(axis, data.Count);
        return [Lengths.Merge([.. data.Take(split)]), Lengths.Merge([.. data.Skip(split)])];
    }

    public static IReadOnlyList<Dimension> Transpose(NodeInputs inputs)
    {
        var data = inputs.Shape(0);
        long[] order = inputs.Node.Ints("perm",
            [.. Enumerable.Range(0, data.Count).Select(axis => (long)(data.Count - 1 - axis))]);
        return order.Order().SequenceEqual(Enumerable.Range(0, data.Count).Select(axis => (long)axis))
            ? [.. order.Select(axis => data[(int)axis])]
            : throw inputs.Fail($"perm [{string.Join(", ", order)}] must name each of {data.Count} dimensions once");
    }

    public static IReadOnlyList<Dimension> Concat(NodeInputs inputs)
    {
        var shape = inputs.Shape(0).ToArray();
        int axis = inputs.Axis(inputs.Node.Int("axis", 0), shape.Length);
        for (int slot = 1; slot < inputs.Count; slot++)
        {
            var other = inputs.Shape(slot, rank: shape.Length);
            for (int each = 0; each < shape.Length; each++)
            {
                shape[each] = each != axis ? inputs.Same(shape[each], other[each], $"dimensions {each} of the inputs")
                    : shape[each].IsFixed && other[each].IsFixed ? Dimension.Fixed(shape[each].Length + other[each].Length)
                    : Dimension.Symbol("");
            }
        }

        return shape;
    }

    public static IReadOnlyList<Dimension> Squeeze(NodeInputs inputs)
    {
        var data = inputs.Shape(0);
        var axes = Axes(inputs, data.Count);
        if (axes.Count == 0)
            return [.. data.Where(length => length != 1)];
        return axes.All(axis => data[axis] == 1 || !data[axis].IsFixed)
            ? [.. data.Where((_, axis) => !axes.Contains(axis))]
            : throw inputs.Fail($"only dimensions of length 1 can be taken out of [{string.Join(", ", data)}]");
    }

    public static IReadOnlyList<Dimension> Unsqueeze(NodeInputs inputs)
    {
        var shape = new Queue<Dimension>(inputs.Shape(0));
        int rank = shape.Count + inputs.InputOrAttribute(1, "axes").Length;
        var axes = Axes(inputs, rank);
        return axes.Count + shape.Count == rank
            ? [.. Enumerable.Range(0, rank).Select(axis => axes.Contains(axis) ? 1 : shape.Dequeue())]
            : throw inputs.Fail("an axis is named twice");
    }

    public static IReadOnlyList<Dimension> Gather(NodeInputs inputs)
    {
        var data = inputs.Shape(0);
        int axis = inputs.Axis(inputs.Node.Int("axis", 0), data.Count);
        return [.. data.Take(axis), .. inputs.Shape(1), .. data.Skip(axis + 1)];
    }

    static HashSet<int> Axes(NodeInputs inputs, int rank) =>
        [.. inputs.InputOrAttribute(1, "axes").Select(axis => inputs.Axis(axis, rank))];
}
