using Plume.Compression.Weights;
using Plume.Models.Graph;

namespace Plume.Models.Prune.Connections;

/// <summary>Removes the weights that are nearest to zero.</summary>
/// <remarks>
/// Exactly round(<paramref name="Rate"/> * n) of n weights go, halves up: none at 0, all at 1. Of equal magnitudes the later
/// ones go. Weights that are zero already go first, so a higher rate keeps nothing that a lower one removed.
/// Source: Han et al., "Learning both Weights and Connections for Efficient Neural Networks", NIPS 2015, arXiv:1506.02626.
/// </remarks>
/// <param name="Rate">The share of the weights that goes, 0 to 1.</param>
/// <param name="Scope">All tensors ranked together, or each for itself.</param>
public sealed record MagnitudePruning(double Rate, ConnectionScope Scope = ConnectionScope.Global) : ConnectionPruning
{
    /// <summary>The share of the weights that goes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rate is not from 0 to 1.</exception>
    public double Rate { get; init => field = Share(value, nameof(Rate)); } = Share(Rate, nameof(Rate));

    private protected override void Prune(ModelGraph graph, ModelWeights weights, TensorSpec[] tensors, bool[] kept) =>
        LowestScores.Remove(weights.Values, tensors, Rate, Scope, kept);
}
