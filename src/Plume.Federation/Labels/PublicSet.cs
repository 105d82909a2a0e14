using Plume.Compression.Randomness;

namespace Plume.Federation.Labels;

/// <summary>What all know of the samples that predictions are exchanged on: enough to draw the same ones everywhere, and to find out that somebody has others.</summary>
/// <param name="Samples">How many there are.</param>
/// <param name="Classes">How many classes their labels tell apart.</param>
/// <param name="Hash">Of their values.</param>
public sealed record PublicSet(int Samples, int Classes, ulong Hash)
{
    /// <summary>Where everything that concerns the set draws from.</summary>
    public RandomKey Key => RandomKey.FromSeed(Hash).Fold("public");

    /// <summary>The samples of a round: drawn by the set's hash, so that nobody need be told. Each is drawn once before any is drawn again, but for fewer than a batch.</summary>
    /// <param name="round">The round, from 1.</param>
    /// <param name="size">How many, at most all.</param>
    public int[] Batch(int round, int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(round, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, Samples);
        int batches = Samples / size, pass = (round - 1) / batches, place = (round - 1) % batches;
        int[] order = [.. Enumerable.Range(0, Samples)];
        new RandomDraws(Key.Fold((ulong)pass)).Shuffle(order.AsSpan());
        return order.AsSpan(place * size, size).ToArray();
    }
}
