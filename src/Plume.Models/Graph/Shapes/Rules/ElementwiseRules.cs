namespace Plume.Models.Graph.Shapes.Rules;

/// <summary>Shapes of operators that work value by value.</summary>
static class ElementwiseRules
{
    public static IReadOnlyList<Dimension> Unchanged(NodeInputs inputs) => inputs.Shape(0);

    /// <summary>All inputs stretched to each other.</summary>
    public static IReadOnlyList<Dimension> Broadcast(NodeInputs inputs)
    {
        var shape = inputs.Shape(0);
        for (int slot = 1; slot < inputs.Count; slot++)
            shape = Broadcast(inputs, shape, inputs.Shape(slot));
        return shape;
    }

    /// <summary>All others stretched to the first, which keeps its shape.</summary>
    public static IReadOnlyList<Dimension> BroadcastToFirst(NodeInputs inputs) =>
        Broadcast(inputs, inputs.Shape(0), inputs.Shape(1)).Count == inputs.Shape(0).Count
            ? inputs.Shape(0)
            : throw inputs.Fail($"input 1 [{string.Join(", ", inputs.Shape(1))}] is larger than input 0 "
                + $"[{string.Join(", ", inputs.Shape(0))}]");

    /// <summary>Two shapes stretched to each other from the back: a length of 1 takes that of the other.</summary>
    public static IReadOnlyList<Dimension> Broadcast(NodeInputs inputs, IReadOnlyList<Dimension> left,
        IReadOnlyList<Dimension> right)
    {
        var shape = new Dimension[Math.Max(left.Count, right.Count)];
        for (int back = 1; back <= shape.Length; back++)
        {
            Dimension a = back <= left.Count ? left[^back] : 1, b = back <= right.Count ? right[^back] : 1;
            shape[^back] = a == 1 ? b : b == 1 ? a : inputs.Same(a, b, $"dimensions {-back} of both inputs");
        }

        return shape;
    }
}
