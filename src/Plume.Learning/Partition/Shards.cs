using Plume.Compression.Randomness;
using Plume.Learning.Data;

namespace Plume.Learning.Partition;

/// <summary>
/// The samples of each class are cut into shards, of nearly one size over all classes, and each client gets
/// <paramref name="Count"/> of them at random: it sees at most so many classes.
/// </summary>
/// <param name="Count">Shards a client, from 1 to 10,000.</param>
/// <remarks>
/// Source: McMahan, Moore, Ramage, Hampson, Aguera y Arcas, "Communication-Efficient Learning of Deep Networks from
/// Decentralized Data", AISTATS 2017, arXiv:1602.05629, section 3. Differs from it: no shard goes over the edge of a class,
/// so the limit on classes holds for every data set; sizes differ a little in return.
/// </remarks>
public sealed record Shards(int Count) : Partition
{
    internal const int MostShards = 10_000;

    /// <summary>Shards a client.</summary>
    public int Count { get; } = Count is >= 1 and <= MostShards
        ? Count
        : throw new ArgumentOutOfRangeException(nameof(Count), Count, $"Shards a client must be in 1..{MostShards}.");

    private protected override string Notation => $"shards({Count})";

    /// <inheritdoc/>
    public override Allotment Deal(LabeledSet set, int clients, RandomKey key)
    {
        CheckClients(set, clients);
        CheckClasses(set);
        int[][] classes = MembersOf(set, key);
        long shards = (long)clients * Count;
        if (shards > set.Count)
            throw new ArgumentException(
                $"Every shard needs a sample, but set '{set.Name}' has {set.Count} for {clients} clients with {Count} shards "
                    + $"each.", nameof(clients));
        if (shards < classes.Length)
            throw new ArgumentException(
                $"Every class needs a shard, but {clients} clients with {Count} shards each have fewer than the "
                    + $"{classes.Length} classes of set '{set.Name}'.", nameof(clients));

        int[][] cut = [.. classes.Zip(Apportion(classes, (int)shards)).SelectMany(pair => Cut(pair.First, pair.Second))];
        new RandomDraws(key.Fold("deal")).Shuffle(cut.AsSpan());
        return new Allotment([.. cut.Chunk(Count).Select(held => held.SelectMany(shard => shard).ToArray())]);
    }

    // The samples of each class that occurs, in random order.
    static int[][] MembersOf(LabeledSet set, RandomKey key)
    {
        int[] order = [.. Enumerable.Range(0, set.Count)];
        new RandomDraws(key.Fold("order")).Shuffle(order.AsSpan());
        return [.. order.GroupBy(sample => set.Labels[sample]).OrderBy(group => group.Key).Select(group => group.ToArray())];
    }

    // Shards of each class by D'Hondt's rule: the next one goes where the shards are largest. So none is empty.
    static int[] Apportion(int[][] classes, int shards)
    {
        int[] counts = new int[classes.Length];
        var largest = new PriorityQueue<int, (double Size, int Label)>();
        for (int label = 0; label < classes.Length; label++)
            Offer(label);
        for (int left = shards - classes.Length; left > 0; left--)
            Offer(largest.Dequeue());
        return counts;

        void Offer(int label) => largest.Enqueue(label, (-(double)classes[label].Length / ++counts[label], label));
    }

    static IEnumerable<int[]> Cut(int[] members, int shards) => Enumerable.Range(0, shards).Select(shard =>
        members[(int)((long)shard * members.Length / shards)..(int)((shard + 1L) * members.Length / shards)]);
}
