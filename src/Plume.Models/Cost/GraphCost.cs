using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Graph.Operators;
using Plume.Models.Graph.Shapes;

namespace Plume.Models.Cost;

/// <summary>What a graph costs to hold and to run.</summary>
/// <param name="Parameters">Learned values, as floats or integers; running statistics and the scales of quantizations are not
/// among them.</param>
/// <param name="MultiplyAdds">Multiply-adds of all products, for one sample.</param>
/// <param name="Nodes">The cost of each node, in the order of the graph.</param>
public sealed record GraphCost(long Parameters, long MultiplyAdds, IReadOnlyList<NodeCost> Nodes)
{
    /// <summary>
    /// Counts Conv, ConvTranspose, Gemm and MatMul; everything else is free by convention. One sample: symbols count as 1, and a
    /// graph whose first input has a fixed batch is divided by it.
    /// </summary>
    /// <exception cref="InvalidPayloadException">The shapes cannot be inferred, or the count passes 2^63 - 1.</exception>
    public static GraphCost Of(ModelGraph graph)
    {
        var shapes = ShapeInference.Of(graph);
        long batch = Math.Max(1, graph.Inputs is [{ Shape: [{ IsFixed: true } first, ..] }, ..] ? first.Length : 1);
        var nodes = graph.Nodes.Select(node => Cost(node, shapes, batch)).ToArray();
        long parameters = ParametersOf(graph);
        try
        {
            return new GraphCost(parameters, nodes.Sum(node => node.MultiplyAdds), nodes);
        }
        catch (OverflowException error)
        {
            throw new InvalidPayloadException($"Model '{graph.Name}' takes more than {long.MaxValue} multiply-adds.", error);
        }
    }

    /// <summary>The learned values alone, which are known for operators of any kind.</summary>
    public static long ParametersOf(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return FloatParameters(graph) + IntegerParameters(graph) + BlockParameters(graph);
    }

    static long FloatParameters(ModelGraph graph)
    {
        var scales = graph.Nodes.Where(node => node.OpType == FakeQuantizer.OpType).Select(node => node.Input(1)).ToHashSet();
        return graph.Weights.Tensors.Where(tensor => tensor.Role != TensorRole.Statistic && !scales.Contains(tensor.Name))
            .Sum(tensor => (long)tensor.Length);
    }

    // What a quantized graph reads through DequantizeLinear was learned.
    static long IntegerParameters(ModelGraph graph) => graph.Nodes
        .Where(node => node.OpType == "DequantizeLinear")
        .Select(node => node.Input(0))
        .Distinct()
        .Sum(name => name is not null && graph.FindInitializer(name) is { ElementType: not ElementType.Float } tensor
            ? (long)tensor.Length : 0);

    static long BlockParameters(ModelGraph graph) =>
        graph.Nodes.Where(node => node.OpType == Roles.BlockProduct).DistinctBy(node => node.Inputs[1])
            .Sum(node => node.Int("K", 0) * node.Int("N", 0));

    static NodeCost Cost(Node node, IReadOnlyDictionary<string, IReadOnlyList<Dimension>> shapes, long batch)
    {
        var output = shapes[node.Outputs.First(name => name.Length > 0)];
        if (Catalogue.Find(node)?.Cost is not { } rule)
            return new NodeCost(node, output, 0);
        var (each, over) = rule(node, shapes);
        // Both factors are below 2^31, as shape inference has checked.
        return new NodeCost(node, output, Lengths.Product(each) * Lengths.Product(over) / batch);
    }
}

/// <summary>What one node costs for one sample.</summary>
/// <param name="Node">The node.</param>
/// <param name="Shape">Shape of its output.</param>
/// <param name="MultiplyAdds">Multiplications, each with the addition of its product.</param>
public sealed record NodeCost(Node Node, IReadOnlyList<Dimension> Shape, long MultiplyAdds);
