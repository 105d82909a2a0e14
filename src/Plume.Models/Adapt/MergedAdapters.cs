using Plume.Compression.Weights;
using Plume.Models.Graph;

namespace Plume.Models.Adapt;

/// <summary>Takes adapters into the weights that they change: the graph is the one before them, and as fast.</summary>
public static class MergedAdapters
{
    /// <summary>
    /// The graph without adapters; itself where it has none. Products and sums are taken in 64-bit floats and rounded once.
    /// </summary>
    public static ModelGraph Of(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var merged = new Dictionary<string, Initializer>(StringComparer.Ordinal);
        var renamed = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var sum in graph.Nodes.Where(node => node.OpType == "Add"))
        {
            if (graph.FindFloats(sum.Inputs[0]) is not { } weight || Factors(graph, sum.Inputs[1]) is not { } factors)
                continue;
            merged.Add(weight.Name, Merged(weight, factors.B, factors.A));
            renamed.Add(sum.Outputs[0], weight.Name);
        }

        return merged.Count == 0 ? graph : graph.Replace(
            [.. graph.Nodes.Where(node => node.Outputs.Count == 0 || !renamed.ContainsKey(node.Outputs[0]))
                .Select(node => node.Reading(input => renamed.GetValueOrDefault(input, input)))],
            [.. graph.Initializers.Select(tensor => merged.GetValueOrDefault(tensor.Name, tensor))]).WithoutUnread();
    }

    // The factors whose product reaches a value, as AdapterWriter writes it.
    static (Initializer A, Initializer B)? Factors(ModelGraph graph, string value)
    {
        while (graph.ProducerOf(value) is { OpType: "Reshape" or "Transpose" } handing)
            value = handing.Inputs[0];
        if (graph.ProducerOf(value) is not { OpType: "MatMul" or "Gemm" } product)
            return null;
        var read = product.Inputs.Select(graph.FindFloats).OfType<Initializer>().ToList();
        return read.Find(tensor => AdapterNames.IsA(tensor.Name)) is { } a
            && read.Find(tensor => AdapterNames.IsB(tensor.Name)) is { } b ? (a, b) : null;
    }

    static Initializer Merged(Initializer weight, Initializer b, Initializer a)
    {
        int rank = a.Shape[0], inputs = a.Shape[1];
        float[] values = [.. weight.Floats];
        var row = new double[inputs];
        for (int output = 0; output < b.Shape[0]; output++)
        {
            var target = values.AsSpan(output * inputs, inputs);
            for (int i = 0; i < inputs; i++)
                row[i] = target[i];
            for (int r = 0; r < rank; r++)
            {
                double factor = b.Floats[output * rank + r];
                var from = a.Floats.Slice(r * inputs, inputs);
                for (int i = 0; i < inputs; i++)
                    row[i] += factor * from[i];
            }

            for (int i = 0; i < inputs; i++)
                target[i] = (float)row[i];
        }

        return weight.WithFloats(values);
    }
}
