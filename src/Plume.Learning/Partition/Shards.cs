using Plume.Compression.Randomness;
using Plume.Learning.Data;

namespace Plume.Learning.Partition;

/// <summary>Samples sorted by class, cut into clients * Count shards, Count of them to each client.</summary>
/// <param name="Count">Shards a client, at least 1; a client then sees about that many classes.</param>
/// <remarks>Source: McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data", AISTATS 2017, arXiv:1602.05629.</remarks>
public sealed record Shards(int Count) : Partition
{
    /// <inheritdoc/>
    public override Allotment Deal(LabeledSet set, int clients, RandomKey key)
    {
        ArgumentNullException.ThrowIfNull(set);
        CheckClients(set, clients);
        ArgumentOutOfRangeException.ThrowIfLessThan(Count, 1);
        long shards = (long)clients * Count;
        if (shards > set.Count)
            throw new ArgumentException($"Every shard needs a sample, but set '{set.Name}' has {set.Count} for {clients} clients of {Count} shards.", nameof(clients));
        var draws = new RandomDraws(key);
        int[] order = [.. Enumerable.Range(0, set.Count)];
        draws.Shuffle(order.AsSpan());
        order = [.. order.OrderBy(index => set.Labels[index])];
        int[] dealt = [.. Enumerable.Range(0, (int)shards)];
        draws.Shuffle(dealt.AsSpan());
        return new Allotment([.. Enumerable.Range(0, clients).Select(client => dealt.AsSpan(client * Count, Count).ToArray()
            .SelectMany(shard => order[(int)(shard * (long)set.Count / shards)..(int)((shard + 1L) * set.Count / shards)]).ToArray())]);
    }
}
