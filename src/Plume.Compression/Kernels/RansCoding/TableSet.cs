using System.Numerics;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Wire;

namespace Plume.Compression.Kernels.RansCoding;

/// <summary>
/// The tables of one run of tokens. Parts that should be alike start with a table together; tables that are neighbours in
/// the order of how costly their tokens are join while that makes stream and tables together smaller.
/// </summary>
/// <param name="alphabet">The tokens.</param>
/// <param name="run">Which of a part's runs they are.</param>
/// <param name="inPairs">Whether the parts are those in pairs, or those in plain form.</param>
sealed class TableSet(TableAlphabet alphabet, int run, bool inPairs)
{
    /// <summary>
    /// Beyond so many tables to begin with, parts of different tensors share one where they are equally strong.
    /// </summary>
    const int ManyKeys = 64;

    /// <summary>
    /// Beyond so many tables to begin with, parts whose strength says nothing share one where their tokens are equally costly.
    /// </summary>
    const int MostKeys = 256;

    /// <summary>Costs of a token that are told apart, to a bit.</summary>
    const int CostsToABit = 16;

    /// <summary>
    /// Tables that there are at most, unless each tensor has its own: by level, or as many keys as are not many.
    /// </summary>
    public const int MostByLevel = Activity.MaxLevel + 1;

    readonly List<FrequencyTable> tables = [];
    int count;

    public FrequencyTable Of(RansPart part) => tables[part.Tables[run]];

    /// <summary>Fits tables to the token counts of the parts, tells the parts which they use, and writes the tables.</summary>
    public void Write(ref BitWriter output, List<RansPart> parts)
    {
        var clusters = Cluster.Join(Alike(parts), alphabet);
        Resize(clusters.Count);
        int lengthOfCount = BitOperations.Log2((uint)count);
        output.WriteUnary((uint)lengthOfCount);
        output.Write((uint)count & ((1u << lengthOfCount) - 1), lengthOfCount);
        for (int table = 0; table < count; table++)
        {
            var cluster = clusters[table];
            tables[table].Set(cluster.Form, cluster.Counts, alphabet);
            cluster.Form.Write(ref output, cluster.Counts, alphabet);
            foreach (var part in cluster.Parts)
                part.Tables[run] = table;
        }
    }

    /// <exception cref="InvalidPayloadException">A field breaks its rule.</exception>
    public void Read(ref BitReader input, int most)
    {
        int lengthOfCount = (int)input.ReadUnary((uint)BitOperations.Log2((uint)most));
        int wanted = (1 << lengthOfCount) | (int)input.Read(lengthOfCount);
        if (wanted > most)
            throw InvalidPayloadException.Field("number of tables", 0, wanted, $"must be at most {most}");
        Resize(wanted);
        for (int table = 0; table < count; table++)
            tables[table].Read(ref input, alphabet);
    }

    /// <summary>Writes which table a part uses.</summary>
    public void WriteNumber(ref BitWriter output, RansPart part) => output.Write((uint)part.Tables[run], NumberBits);

    /// <exception cref="InvalidPayloadException">There is no such table.</exception>
    public void ReadNumber(ref BitReader input, RansPart part)
    {
        int number = (int)input.Read(NumberBits);
        if (number >= count)
            throw InvalidPayloadException.Field("table number", 0, number, $"must be below {count}");
        part.Tables[run] = number;
    }

    int NumberBits => count == 1 ? 0 : BitOperations.Log2((uint)(count - 1)) + 1;

    // At least one, so that there is always a table.
    List<Cluster> Alike(List<RansPart> parts)
    {
        var alike = Group(parts, static part => (part.Tensor, part.Level));
        if (alike.Count > ManyKeys)
            alike = Group(parts, static part => part.Level < 0 ? (part.Tensor, -1) : (0, part.Level));
        if (alike.Count > MostKeys)
            alike = Group(parts, part => (0, CostOf(part)));
        if (alike.Count == 0)
            alike.Add(new Cluster(new int[alphabet.Size], []));
        return alike;
    }

    int CostOf(RansPart part) =>
        (int)(CostsToABit * Shares.LeastCost(part.CountsOf(run)) / part.Coded >> Information.FractionBits);

    List<Cluster> Group(List<RansPart> parts, Func<RansPart, (int, int)> key)
    {
        var clusters = new List<Cluster>();
        var byKey = new Dictionary<(int, int), Cluster>();
        foreach (var part in parts)
        {
            if (part.InPairs != inPairs || part.Coded == 0)
                continue;
            if (!byKey.TryGetValue(key(part), out var cluster))
            {
                byKey[key(part)] = cluster = new Cluster(new int[alphabet.Size], []);
                clusters.Add(cluster);
            }

            cluster.Add(part, part.CountsOf(run)[..alphabet.Size]);
        }

        return clusters;
    }

    void Resize(int tableCount)
    {
        count = tableCount;
        while (tables.Count < count)
            tables.Add(new FrequencyTable());
    }
}
