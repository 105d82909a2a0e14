using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Models.Graph;

namespace Plume.Models.Adapt;

/// <summary>
/// Freezes a graph's weights and puts two small factors beside each: the layer reads W + B A, with W a constant from now on. B
/// begins at zero, so that the model computes at first what it did. Source: Hu et al., "LoRA: Low-Rank Adaptation of Large
/// Language Models", ICLR 2022, arXiv:2106.09685.
/// </summary>
/// <remarks>
/// A has rows of length one on the average (uniform values of variance 1 / inputs), so that a step of B moves W as far as a step
/// of W itself would, along those rows; the paper's factor alpha / rank is left to the learning rate.
/// What has no factors is trained as it was: biases, normalizations, and a weight that has no more values than its factors would
/// have.
/// </remarks>
public static class LowRankAdapters
{
    /// <summary>The graph with factors.</summary>
    /// <param name="graph">A model in floats.</param>
    /// <param name="rank">Rows of A and columns of B, at least 1.</param>
    /// <param name="freezesA">Whether A is a constant, too.</param>
    /// <param name="key">Where A is drawn from, each by its name.</param>
    /// <exception cref="ArgumentException">The rank is too large for every layer, there is no layer, or the graph is adapted or
    /// quantized already.</exception>
    public static ModelGraph Insert(ModelGraph graph, int rank, bool freezesA, RandomKey key)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        if (graph.Nodes.FirstOrDefault(node => node.OpType == FakeQuantizer.OpType) is { } quantized)
            throw new ArgumentException(
                $"Model '{graph.Name}' is quantized: it has the {quantized}, and what factors add would not be on its levels. "
                    + $"Adapt the model in floats.", nameof(graph));
        if (IsAdapted(graph))
            throw new ArgumentException($"Model '{graph.Name}' has adapters already; merge them into its weights first.",
                nameof(graph));
        var weights = AdaptedWeight.In(graph).ToList();
        var chosen = weights.Where(weight => rank <= weight.LargestRank).ToList();
        if (chosen.Count == 0)
            throw new ArgumentException(Misfit(graph, weights, rank), nameof(rank));
        var writer = new AdapterWriter(graph, rank, freezesA, key);
        foreach (var weight in chosen)
            writer.Add(weight);
        return writer.ToGraph();
    }

    /// <summary>Whether a graph has factors.</summary>
    public static bool IsAdapted(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return graph.Initializers.Any(tensor => AdapterNames.IsA(tensor.Name) || AdapterNames.IsB(tensor.Name));
    }

    static string Misfit(ModelGraph graph, List<AdaptedWeight> weights, int rank)
    {
        if (weights.Count == 0)
            return $"Model '{graph.Name}' has no weight of a layer in 32-bit floats, which factors could change.";
        var largest = weights.MaxBy(weight => weight.LargestRank);
        string shape = $"'{largest.Tensor.Name}' [{string.Join(", ", largest.Tensor.Shape)}]";
        return largest.LargestRank == 0
            ? $"Factors of any rank would have as many values as the weights of model '{graph.Name}', the largest of which is "
                + $"{shape}: train it by 'updates'."
            : $"Rank {rank} is too large for every layer of model '{graph.Name}': factors of {shape} have fewer values than it "
                + $"has up to rank {largest.LargestRank}. Use a rank of 1 to {largest.LargestRank}.";
    }
}
