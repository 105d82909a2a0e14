using Plume.Learning.Data;

namespace Plume.Learning.Partition;

/// <summary>Which samples each client holds, and, where the data says so, who takes part in each round.</summary>
/// <param name="Clients">For each client the indices of its samples.</param>
/// <param name="Rounds">For each round from 1 on the clients that take part, or null where the federation chooses.</param>
public sealed record Allotment(IReadOnlyList<int[]> Clients, IReadOnlyList<int[]>? Rounds = null);

/// <summary>A rule by which samples are dealt to clients.</summary>
public abstract record Partition
{
    /// <summary>Deals every sample to exactly one client.</summary>
    /// <param name="set">The samples.</param>
    /// <param name="clients">Number of clients, at most the number of samples.</param>
    /// <param name="key">Where the draws come from.</param>
    /// <exception cref="ArgumentException">There are fewer samples than clients, or the rule cannot be kept.</exception>
    public abstract Allotment Deal(LabeledSet set, int clients, Plume.Compression.Randomness.RandomKey key);

    private protected static void CheckClients(LabeledSet set, int clients)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(clients, 1);
        if (clients > set.Count)
            throw new ArgumentException($"Every client needs a sample, but set '{set.Name}' has {set.Count} for {clients} clients.", nameof(clients));
    }
}
