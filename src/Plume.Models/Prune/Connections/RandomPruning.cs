using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Models.Graph;

namespace Plume.Models.Prune.Connections;

/// <summary>Removes weights at random: the control that any other technique must beat.</summary>
/// <remarks>
/// Exactly round(<paramref name="Rate"/> * n) of n weights go, halves up. With the same key, a higher rate keeps nothing that a
/// lower one removed.
/// </remarks>
/// <param name="Rate">The share of the weights that goes, 0 to 1.</param>
/// <param name="Key">Where the draws come from.</param>
/// <param name="Scope">All tensors together, or each for itself.</param>
public sealed record RandomPruning(double Rate, RandomKey Key, ConnectionScope Scope = ConnectionScope.Global) : ConnectionPruning
{
    /// <summary>The share of the weights that goes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rate is not from 0 to 1.</exception>
    public double Rate { get; init => field = Share(value, nameof(Rate)); } = Share(Rate, nameof(Rate));

    private protected override void Prune(ModelGraph graph, ModelWeights weights, TensorSpec[] tensors, bool[] kept)
    {
        float[] draws = new float[kept.Length];
        foreach (var tensor in tensors)
        {
            var key = Key.Fold(tensor.Name);
            for (int index = 0; index < tensor.Length; index++)
                draws[tensor.Offset + index] = key.Uniform((ulong)index);
        }

        LowestScores.Remove(draws, tensors, Rate, Scope, kept);
    }
}
