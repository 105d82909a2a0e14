using Plume.Compression.Randomness;

namespace Plume.Federation.Selection;

/// <summary>Participants drawn uniformly, without replacement.</summary>
public static class UniformSelection
{
    /// <summary>A number of clients (all, if there are no more), in ascending order.</summary>
    public static int[] Select(int clients, int count, RandomKey key)
    {
        int[] all = [.. Enumerable.Range(0, clients)];
        new RandomDraws(key).Shuffle(all.AsSpan());
        return [.. all.Take(count).Order()];
    }
}
