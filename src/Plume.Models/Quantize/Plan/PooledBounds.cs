using Plume.Models.Graph;

namespace Plume.Models.Quantize.Plan;

/// <summary>
/// Takes the maximum before the ReLU where both stand in floats and their result is quantized: the numbers are the same, and the
/// ReLU keeps ONNX Runtime from moving the quantization before the maximum, whose kernel for integers is slow.
/// </summary>
static class PooledBounds
{
    public static ModelGraph Apply(ModelGraph graph)
    {
        var readers = graph.Readers();
        var outputs = graph.Outputs.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
        var swapped = new Dictionary<Node, Node>(ReferenceEqualityComparer.Instance);
        foreach (var quantize in graph.Nodes.Where(node => node.OpType == FakeQuantizer.OpType))
        {
            if (graph.ProducerOf(quantize.Inputs[0]) is not { OpType: "MaxPool" } pool || !OperatorKinds.IsRearranging(pool)
                || !IsInner(pool))
                continue;
            if (graph.ProducerOf(pool.Inputs[0]) is not { OpType: "Relu" or "Clip" } bound || !IsInner(bound))
                continue;
            swapped.Add(bound, pool with { Inputs = [bound.Inputs[0]], Outputs = [bound.Outputs[0]] });
            swapped.Add(pool, bound with { Inputs = [bound.Outputs[0], .. bound.Inputs.Skip(1)], Outputs = [pool.Outputs[0]] });
        }

        return swapped.Count == 0 ? graph
            : graph.With([.. graph.Nodes.Select(node => swapped.GetValueOrDefault(node, node))], graph.Initializers);

        bool IsInner(Node node) => !outputs.Contains(node.Outputs[0]) && readers[node.Outputs[0]].Count() == 1;
    }
}
