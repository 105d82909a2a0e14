using System.Numerics;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Kernels.RansCoding;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Code.Entropy;

/// <summary>
/// What the receiver must know of a block's parts before their tokens: the class of each row, the groups of classes, and each
/// part's form, number of coded symbols and tables.
/// </summary>
static class PartHeaders
{
    const int GroupCountBits = 4;
    const int RowClassesBits = 7;

    public static void Write(ref BitWriter bits, Block block, RansSymbols symbols, RansTables tables)
    {
        var groups = block.Rans.Groups;
        if (block.Rans.Rows.MayGroup(block, symbols))
            WriteGroups(ref bits, block.Rans);

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
        if (memory.Rows.MayGroup(block, symbols))
            ReadGroups(ref bits, memory);
        else
            memory.Groups.TakeOne(default);
        memory.MakeParts();
        memory.Measure(block);
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

    static void WriteGroups(ref BitWriter bits, RansBlock memory)
    {
        var groups = memory.Groups;
        bits.Write(groups.Count > 1 ? 1u : 0, 1);
        if (groups.Count == 1)
            return;
        bits.Write((uint)groups.RowClasses - 1, memory.Columns is null ? GroupCountBits : RowClassesBits);
        foreach (byte rowClass in groups.ClassesOf(memory.Rows.Count))
            bits.Write(rowClass, groups.Bits);
        if (memory.Columns is not { } columns)
            return;
        for (int i = 1; i < groups.RowClasses + columns.Classes - 1; i++)
            bits.Write(groups.Of(i) != groups.Of(i - 1) ? 1u : 0, 1);
    }

    static void ReadGroups(ref BitReader bits, RansBlock memory)
    {
        var groups = memory.Groups;
        if (bits.Read(1) == 0)
        {
            groups.TakeOne(default);
            return;
        }

        int rowClasses = (int)bits.Read(memory.Columns is null ? GroupCountBits : RowClassesBits) + 1;
        if (rowClasses > RowGroups.MaxRowClasses || (memory.Columns is null && rowClasses == 1))
            throw InvalidPayloadException.Field("classes of rows", 0, rowClasses,
                $"must be at most {RowGroups.MaxRowClasses}, and more than one group");
        groups.TakeRowClasses(rowClasses);
        var classOf = groups.ClassesOf(memory.Rows.Count);
        for (int row = 0; row < classOf.Length; row++)
        {
            classOf[row] = (byte)bits.Read(groups.Bits);
            if (classOf[row] >= groups.RowClasses)
                throw InvalidPayloadException.Field("class of a row", row, classOf[row], $"must be below {groups.RowClasses}");
        }

        if (memory.Columns is { } columns)
            ReadClasses(ref bits, groups, columns);
    }

    static void ReadClasses(ref BitReader bits, RowGroups groups, Columns columns)
    {
        Span<bool> startsGroup = stackalloc bool[groups.RowClasses + columns.Classes - 2];
        int count = 1;
        for (int i = 0; i < startsGroup.Length; i++)
        {
            startsGroup[i] = bits.Read(1) != 0;
            count += startsGroup[i] ? 1 : 0;
        }

        if (count is < 2 or > RowGroups.MaxGroups)
            throw InvalidPayloadException.Field("groups", 0, count, $"must be from 2 to {RowGroups.MaxGroups}");
        groups.TakeClasses(groups.RowClasses, startsGroup);
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
