using Plume.Models.Graph;

namespace Plume.Models.Quantize.Plan;

/// <summary>
/// Writes general matrix products so that integer kernels can take them: factors go into the weight and the bias, a bias that
/// spreads becomes one number a column, and one that is computed or differs by row is added behind the product.
/// </summary>
public static class PlainProducts
{
    /// <summary>
    /// The graph with such products; others stay as they are, and so does the graph where there is nothing to do.
    /// </summary>
    public static ModelGraph Apply(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var names = new FreeNames(graph);
        var tensors = new List<Initializer>(graph.Initializers);
        var nodes = new List<Node>();
        foreach (var node in graph.Nodes)
            nodes.AddRange(node.OpType == "Gemm" && graph.FindFloats(node.Input(1)) is { Shape.Count: 2 } weight
                ? Plain(node, weight) : [node]);
        return nodes.Count == graph.Nodes.Count && tensors.Count == graph.Initializers.Count ? graph : graph.With(nodes, tensors);

        IEnumerable<Node> Plain(Node gemm, Initializer weight)
        {
            float alpha = gemm.Float("alpha", 1), beta = gemm.Float("beta", 1);
            string? bias = beta == 0 ? null : gemm.Input(2);
            int columns = weight.Shape[gemm.Int("transB", 0) != 0 ? 0 : 1];
            if (gemm.Input(2) is null && alpha == 1)
                return [gemm];
            var vector = bias is null ? null : Vector(bias, beta, columns);
            if (bias is not null && vector is null && beta != 1)
                return [gemm];
            string product = alpha == 1 ? weight.Name
                : Placed(Initializer.Of(names.Take($"{weight.Name}_scaled"), weight.Shape, Times(weight.Floats, alpha)));
            var attributes = gemm.Attributes.Where(entry => entry.Key is not ("alpha" or "beta"))
                .ToDictionary(StringComparer.Ordinal);
            var plain = gemm with
            {
                Inputs = vector is null ? [gemm.Inputs[0], product] : [gemm.Inputs[0], product, vector],
                Attributes = attributes,
            };
            if (bias is null || vector is not null)
                return [plain];
            string sums = names.Take($"{gemm.Outputs[0]}_product");
            return [plain with { Outputs = [sums] }, new Node("", "Add", [sums, bias], gemm.Outputs)];
        }

        // Null where the bias is no constant that is the same in all rows.
        string? Vector(string name, float beta, int columns)
        {
            if (graph.FindFloats(name) is not { } bias || bias.Shape.SkipLast(1).Any(length => length != 1)
                || (bias.Length != 1 && bias.Length != columns))
                return null;
            if (bias.Shape.Count == 1 && bias.Length == columns && beta == 1)
                return name;
            float[] values = new float[columns];
            for (int i = 0; i < columns; i++)
                values[i] = beta * bias.Floats[bias.Length == 1 ? 0 : i];
            return Placed(Initializer.Of(names.Take($"{name}_wide"), [columns], values));
        }

        string Placed(Initializer tensor)
        {
            tensors.Add(tensor);
            return tensor.Name;
        }
    }

    static float[] Times(ReadOnlySpan<float> values, float factor)
    {
        float[] scaled = new float[values.Length];
        for (int i = 0; i < scaled.Length; i++)
            scaled[i] = factor * values[i];
        return scaled;
    }
}
