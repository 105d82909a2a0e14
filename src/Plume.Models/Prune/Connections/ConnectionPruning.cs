using Plume.Compression.Weights;
using Plume.Models.Graph;

namespace Plume.Models.Prune.Connections;

/// <summary>
/// A technique that chooses single weights to remove. Only tensors of role <see cref="TensorRole.Weight"/> lose any.
/// </summary>
public abstract record ConnectionPruning
{
    private protected ConnectionPruning()
    {
    }

    /// <summary>Names of tensors that lose nothing.</summary>
    public IReadOnlyCollection<string> LeaveAlone { get; init; } = [];

    /// <summary>The mask for a graph's own weights.</summary>
    /// <exception cref="ArgumentException"><see cref="LeaveAlone"/> names a tensor that is not there, or a weight is not
    /// finite.</exception>
    public WeightMask MaskOf(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return MaskOf(graph, graph.ToWeights());
    }

    /// <summary>The mask for other weights of the graph, as they are in the middle of a training.</summary>
    /// <exception cref="ArgumentException">
    /// The layout is not the graph's, <see cref="LeaveAlone"/> names a tensor that is not there, or a weight is not finite.
    /// </exception>
    public WeightMask MaskOf(ModelGraph graph, ModelWeights weights)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(weights);
        if (!weights.Layout.Equals(graph.Weights))
            throw new ArgumentException($"The weights have another layout than model '{graph.Name}'.", nameof(weights));
        bool[] kept = new bool[weights.Layout.Length];
        kept.AsSpan().Fill(true);
        Prune(graph, weights, Prunable(weights), kept);
        return WeightMask.Taking(weights.Layout, kept);
    }

    /// <summary>Marks what the technique removes.</summary>
    private protected abstract void Prune(ModelGraph graph, ModelWeights weights, TensorSpec[] tensors, bool[] kept);

    /// <summary>The value itself where it is a share, for constructors.</summary>
    private protected static double Share(double rate, string name) => rate is >= 0 and <= 1
        ? rate
        : throw new ArgumentOutOfRangeException(name, rate,
            "A rate is the share of weights to remove, from 0 (none) to 1 (all).");

    TensorSpec[] Prunable(ModelWeights weights)
    {
        HashSet<string> left = [.. LeaveAlone.Select(name => weights.Layout[name].Name)];
        TensorSpec[] tensors = [
            .. weights.Layout.Tensors.Where(tensor => tensor.Role == TensorRole.Weight && !left.Contains(tensor.Name))];
        foreach (var tensor in tensors)
        {
            var values = weights[tensor];
            for (int index = 0; index < values.Length; index++)
            {
                if (!float.IsFinite(values[index]))
                    throw new ArgumentException(
                        $"Weights must be finite, but value {index} of tensor '{tensor.Name}' is {values[index]}.",
                        nameof(weights));
            }
        }

        return tensors;
    }
}
