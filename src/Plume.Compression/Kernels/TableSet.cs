using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Container;

namespace Plume.Compression.Kernels;

/// <summary>
/// The tables of one kind of token, and which tensor uses which. Tensors start with a table each; neighbours in the
/// order of how costly their tokens are join while that makes stream and tables together smaller.
/// </summary>
/// <param name="alphabet">The tokens.</param>
/// <param name="counts">Where blocks keep the counts of this kind.</param>
/// <param name="inPairs">Whether the tokens are those of blocks in pairs, or of blocks in plain form.</param>
sealed class TableSet(TableAlphabet alphabet, int counts, bool inPairs)
{
    readonly List<FrequencyTable> tables = [];
    int[] tableOf = [];

    public FrequencyTable Of(Block block) => tables[tableOf[block.Plan.TensorIndex]];

    /// <summary>Whether the block has tokens of this kind, and so a use for a table.</summary>
    public bool IsFor(Block block) => block.InPairs == inPairs;

    /// <summary>Fits tables to the blocks' token counts and writes them: for each tensor its table's number, then the tables.</summary>
    public void Write(Block[] blocks, PayloadWriter output)
    {
        var clusters = Cluster.Join(CountByTensor(blocks), alphabet);
        Resize(blocks[^1].Plan.TensorIndex + 1, clusters.Count);
        Array.Clear(tableOf);
        for (int table = 0; table < clusters.Count; table++)
        {
            tables[table].Set(clusters[table].Form, clusters[table].Counts, alphabet);
            foreach (int tensor in clusters[table].Tensors)
                tableOf[tensor] = table;
        }

        output.Varint(clusters.Count);
        var bits = new BitWriter(output);
        foreach (int table in tableOf)
            bits.Write((uint)table, NumberBits(clusters.Count));
        foreach (var cluster in clusters)
            cluster.Form.Write(ref bits, cluster.Counts, alphabet);
        bits.Flush();
    }

    /// <exception cref="InvalidPayloadException">A number or a frequency breaks its rule.</exception>
    public void Read(ref PayloadReader input, Block[] blocks)
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

    // Nothing for a tensor without tokens of this kind, except that there is always one to make a table of.
    int[]?[] CountByTensor(Block[] blocks)
    {
        var sums = new int[]?[blocks[^1].Plan.TensorIndex + 1];
        foreach (var block in blocks)
        {
            if (!IsFor(block) || block.Count == 0)
                continue;
            var sum = sums[block.Plan.TensorIndex] ??= new int[256];
            System.Numerics.Tensors.TensorPrimitives.Add(sum, block.TokenCounts(counts), sum);
        }

        if (Array.TrueForAll(sums, static sum => sum is null))
            sums[0] = new int[256];
        return sums;
    }

    void Resize(int tensors, int count)
    {
        if (tableOf.Length != tensors)
            tableOf = new int[tensors];
        while (tables.Count < count)
            tables.Add(new FrequencyTable());
    }
}
