using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Container;

namespace Plume.Compression.Kernels;

/// <summary>
/// The tables of one kind of token, and which tensor uses which. Tensors start with a table each; neighbours in the
/// order of how costly their tokens are join while that makes stream and tables together smaller.
/// </summary>
sealed class TableSet
{
    readonly List<FrequencyTable> tables = [];
    int[] tableOf = [];

    public FrequencyTable Of(Block block) => tables[tableOf[block.Plan.TensorIndex]];

    /// <summary>Fits tables to the blocks' token counts and writes them: for each tensor its table's number, then the tables.</summary>
    public void Write(Block[] blocks, int which, PayloadWriter output)
    {
        var clusters = Cluster.Join(CountByTensor(blocks, which));
        Resize(blocks[^1].Plan.TensorIndex + 1, clusters.Count);
        for (int table = 0; table < clusters.Count; table++)
        {
            tables[table].Set(clusters[table].Counts);
            foreach (int tensor in clusters[table].Tensors)
                tableOf[tensor] = table;
        }

        output.Varint(clusters.Count);
        var bits = new BitWriter(output);
        foreach (int table in tableOf)
            bits.Write((uint)table, NumberBits(clusters.Count));
        for (int table = 0; table < clusters.Count; table++)
            tables[table].Write(ref bits);
        bits.Flush();
    }

    /// <exception cref="InvalidPayloadException">A number or a frequency breaks its rule.</exception>
    public void Read(ref PayloadReader input, Block[] blocks, int alphabet)
    {
        int tensors = blocks[^1].Plan.TensorIndex + 1;
        int count = input.Varint("number of tables", 1, tensors);
        Resize(tensors, count);
        var bits = new BitReader(input.Rest, "tables");
        for (int tensor = 0; tensor < tensors; tensor++)
        {
            tableOf[tensor] = (int)bits.Read(NumberBits(count));
            if (tableOf[tensor] >= count)
                throw InvalidPayloadException.Field("table number", tensor, tableOf[tensor], $"must be below {count}");
        }

        for (int table = 0; table < count; table++)
            tables[table].Read(ref bits, alphabet);
        input.Bytes(bits.End(), "tables");
    }

    static int NumberBits(int count) => count == 1 ? 0 : System.Numerics.BitOperations.Log2((uint)(count - 1)) + 1;

    static int[][] CountByTensor(Block[] blocks, int which)
    {
        var counts = new int[blocks[^1].Plan.TensorIndex + 1][];
        foreach (var block in blocks)
        {
            var sum = counts[block.Plan.TensorIndex] ??= new int[256];
            var tokens = block.TokenCounts(which);
            for (int token = 0; token < 256; token++)
                sum[token] += tokens[token];
        }

        return counts;
    }

    void Resize(int tensors, int count)
    {
        if (tableOf.Length != tensors)
            tableOf = new int[tensors];
        while (tables.Count < count)
            tables.Add(new FrequencyTable());
    }
}

/// <summary>Tensors that share a table.</summary>
sealed class Cluster(int[] counts, List<int> tensors)
{
    public int[] Counts { get; } = counts;

    public List<int> Tensors { get; } = tensors;

    public long Cost { get; } = FrequencyTable.Cost(counts);

    /// <summary>Joins neighbours, always the pair that saves most, until none saves anything.</summary>
    public static List<Cluster> Join(int[][] countsByTensor)
    {
        var clusters = countsByTensor.Select((counts, tensor) => new Cluster(counts, [tensor])).ToList();
        clusters.Sort(static (left, right) => left.CostPerToken.CompareTo(right.CostPerToken) is not 0 and var order ? order : left.Tensors[0] - right.Tensors[0]);
        var joined = new List<Cluster>();
        for (int i = 0; i + 1 < clusters.Count; i++)
            joined.Add(Union(clusters[i], clusters[i + 1]));
        while (joined.Count > 0)
        {
            int best = 0;
            for (int i = 1; i < joined.Count; i++)
            {
                if (Saving(i) > Saving(best))
                    best = i;
            }

            if (Saving(best) < 0)
                break;
            clusters[best] = joined[best];
            clusters.RemoveAt(best + 1);
            joined.RemoveAt(best);
            if (best > 0)
                joined[best - 1] = Union(clusters[best - 1], clusters[best]);
            if (best < joined.Count)
                joined[best] = Union(clusters[best], clusters[best + 1]);
        }

        return clusters;

        long Saving(int i) => clusters[i].Cost + clusters[i + 1].Cost - joined[i].Cost;
    }

    long CostPerToken => Cost / Math.Max(1, Counts.Sum(count => (long)count));

    static Cluster Union(Cluster left, Cluster right)
    {
        var counts = new int[256];
        System.Numerics.Tensors.TensorPrimitives.Add<int>(left.Counts, right.Counts, counts);
        return new Cluster(counts, [.. left.Tensors, .. right.Tensors]);
    }
}
