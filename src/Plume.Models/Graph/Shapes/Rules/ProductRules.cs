namespace Plume.Models.Graph.Shapes.Rules;

/// <summary>Shapes of matrix products.</summary>
static class ProductRules
{
    public static IReadOnlyList<Dimension> Gemm(NodeInputs inputs)
    {
        var left = inputs.Shape(0, rank: 2);
        var right = inputs.Shape(1, rank: 2);
        if (inputs.Node.Int("transA", 0) != 0)
            left = [left[1], left[0]];
        if (inputs.Node.Int("transB", 0) != 0)
            right = [right[1], right[0]];
        inputs.Same(left[1], right[0], "the inner lengths of the product");
        Dimension[] shape = [left[0], right[1]];
        if (inputs.Has(2) && !IsNoLarger(ElementwiseRules.Broadcast(inputs, inputs.Shape(2), shape), shape))
            throw inputs.Fail($"the bias [{string.Join(", ", inputs.Shape(2))}] is larger than the product "
                + $"[{string.Join(", ", shape)}]");
        return shape;
    }

    static bool IsNoLarger(IReadOnlyList<Dimension> stretched, Dimension[] shape) =>
        stretched.Count == shape.Length && stretched.Zip(shape).All(pair => Lengths.Common(pair.First, pair.Second) is not null);

    public static IReadOnlyList<Dimension> MatMul(NodeInputs inputs)
    {
        var left = inputs.Shape(0);
        var right = inputs.Shape(1);
        if (left.Count == 0 || right.Count == 0)
            throw inputs.Fail("a scalar has no matrix product");
        inputs.Same(left[^1], right.Count == 1 ? right[0] : right[^2], "the inner lengths of the product");
        var batch = ElementwiseRules.Broadcast(inputs, [.. left.SkipLast(2)], [.. right.SkipLast(2)]);
        // A vector stands for a row on the left and for a column on the right; that dimension is not in the output.
        return [.. batch, .. left.Count > 1 ? [left[^2]] : Array.Empty<Dimension>(), .. right.Count > 1 ? [right[^1]]
            : Array.Empty<Dimension>()];
    }
}
