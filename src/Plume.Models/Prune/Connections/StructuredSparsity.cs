using Plume.Compression.Weights;
using Plume.Models.Graph;
using Plume.Models.Graph.Channels;

namespace Plume.Models.Prune.Connections;

/// <summary>
/// Keeps the N largest of every M weights that follow one another along the input of a product: a pattern that hardware can skip.
/// </summary>
/// <remarks>
/// Along the input channels of a convolution, for each position of its kernel; along the summed axis of a matrix. A last group
/// that is shorter keeps its N largest too. Of equal magnitudes the later ones go. A weight that no product reads as such stays.
/// Source: Mishra et al., "Accelerating Sparse Deep Neural Networks", 2021, arXiv:2104.08378.
/// </remarks>
/// <param name="N">Weights that stay: 0 to M.</param>
/// <param name="M">Weights of a group: at least 1.</param>
public sealed record StructuredSparsity(int N, int M) : ConnectionPruning
{
    /// <summary>Weights that stay in a group.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative or larger than <see cref="M"/>.</exception>
    public int N { get; } = Within(N, 0, M, nameof(N));

    /// <summary>Weights of a group.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public int M { get; } = Within(M, 1, int.MaxValue, nameof(M));

    private protected override void Prune(ModelGraph graph, ModelWeights weights, TensorSpec[] tensors, bool[] kept)
    {
        var axes = ChannelWalk.Along(graph).InputAxes();
        foreach (var tensor in tensors)
        {
            if (axes.TryGetValue(tensor.Name, out int axis))
                Prune(weights[tensor], tensor.Shape[axis], tensor.Shape.Skip(axis + 1)
                    .Aggregate(1, (product, length) => product * length), kept.AsSpan(tensor.Offset));
        }
    }

    void Prune(ReadOnlySpan<float> values, int length, int stride, Span<bool> kept)
    {
        for (int start = 0; start < values.Length; start++)
        {
            int place = start / stride % length;
            if (place % M == 0)
                PruneGroup(values, start, Math.Min(M, length - place), stride, kept);
        }
    }

    void PruneGroup(ReadOnlySpan<float> values, int start, int count, int stride, Span<bool> kept)
    {
        for (int each = 0; each < count; each++)
        {
            int larger = 0;
            float magnitude = Math.Abs(values[start + each * stride]);
            for (int other = 0; other < count; other++)
            {
                float against = Math.Abs(values[start + other * stride]);
                if (against > magnitude || (against == magnitude && other < each))
                    larger++;
            }

            kept[start + each * stride] = larger < N;
        }
    }

    static int Within(int value, int least, int most, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, most, name);
        return value;
    }
}
