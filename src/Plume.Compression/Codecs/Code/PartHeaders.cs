using System.Numerics;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Container;
using Plume.Compression.Kernels;

namespace Plume.Compression.Codecs.Code;

/// <summary>What the receiver must know of a block's parts before their tokens: the group of each row, and each part's form, number of coded symbols and tables.</summary>
static class PartHeaders
{
    const int GroupCountBits = 4;

    public static void Write(ref BitWriter bits, Block block, RansSymbols symbols, RansTables tables)
    {
        var groups = block.Rans.Groups;
        var rows = Rows.Of(block.Plan);
        if (rows.MayGroup(block, symbols))
        {
            bits.Write(groups.Count > 1 ? 1u : 0, 1);
            if (groups.Count > 1)
                bits.Write((uint)groups.Count - 1, GroupCountBits);
            for (int row = 0; groups.Count > 1 && row < rows.Count; row++)
                bits.Write(groups.Of(rows.Count)[row], groups.Bits);
        }

        foreach (var part in block.Rans.Parts)
        {
            if (tables.SomePlain && tables.SomeInPairs)
                bits.Write(part.InPairs ? 1u : 0, 1);
            if (part.IsScattered || (part.InPairs && groups.Count > 1))
                WriteCount(ref bits, part);
            tables.WriteNumbers(ref bits, part);
        }
    }

    /// <exception cref="InvalidPayloadException">A field breaks its rule.</exception>
    public static void Read(ref BitReader bits, Block block, RansSymbols symbols, RansTables tables)
    {
        var memory = block.Rans;
        var rows = Rows.Of(block.Plan);
        ReadGroups(ref bits, memory.Groups, rows.MayGroup(block, symbols) ? rows.Count : 0);
        memory.MakeParts();
        memory.Measure(block, rows);
        int left = block.Count;
        foreach (var part in memory.Parts)
        {
            bool pairs = tables.SomeInPairs && (!tables.SomePlain || bits.Read(1) != 0);
            part.InPairs = pairs;
            if (pairs && !block.CodesGaps)
                part.Scatter(ReadCount(ref bits, part, part.Length));
            else if (block.CodesGaps)
                part.Count = memory.Groups.Count > 1 ? ReadCount(ref bits, part, Math.Min(left, part.Length)) : left;
            left -= part.Count;
            tables.ReadNumbers(ref bits, part);
        }

        if (left != 0)
            throw InvalidPayloadException.Field("symbols of parts", 0, block.Count - left, $"must be {block.Count} together");
        memory.Place();
    }

    static void ReadGroups(ref BitReader bits, RowGroups groups, int rows)
    {
        groups.Take(rows > 0 && bits.Read(1) != 0 ? (int)bits.Read(GroupCountBits) + 1 : 1, default);
        if (groups.Count == 1)
            return;
        var groupOf = groups.Of(rows);
        for (int row = 0; row < rows; row++)
        {
            groupOf[row] = (byte)bits.Read(groups.Bits);
            if (groupOf[row] >= groups.Count)
                throw InvalidPayloadException.Field("group of a row", row, groupOf[row], $"must be below {groups.Count}");
        }
    }

    // The number's length in bits, then the bits below the highest.
    static void WriteCount(ref BitWriter bits, RansPart part)
    {
        int length = LengthOf(part.Coded);
        bits.Write((uint)length, LengthOf(LengthOf(part.Length)));
        if (length > 1)
            bits.Write((uint)part.Coded & ((1u << (length - 1)) - 1), length - 1);
    }

    static int ReadCount(ref BitReader bits, RansPart part, int most)
    {
        int length = (int)bits.Read(LengthOf(LengthOf(part.Length)));
        if (length > LengthOf(most))
            throw InvalidPayloadException.Field("length of coded symbols", 0, length, $"must be at most {LengthOf(most)}");
        int count = length < 2 ? length : (1 << (length - 1)) | (int)bits.Read(length - 1);
        return count <= most ? count : throw InvalidPayloadException.Field("coded symbols", 0, count, $"must be at most {most}");
    }

    static int LengthOf(int number) => number == 0 ? 0 : BitOperations.Log2((uint)number) + 1;
}
