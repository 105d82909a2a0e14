using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// A block's memory in the rANS coder: its symbols, arranged so that rows of a group stand side by side, and the parts
/// that the groups make. With one group the block's own symbols and positions serve.
/// </summary>
sealed class RansBlock
{
    readonly List<RansPart> parts = [];
    byte[] symbols = [];
    ushort[] positions = [];
    Activity[] activities = [];

    public RowGroups Groups { get; } = new();

    public ReadOnlySpan<RansPart> Parts => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(parts)[..Groups.Count];

    /// <summary>Room for what each row's symbols are like.</summary>
    public Span<Activity> Activities(int rows)
    {
        if (activities.Length < rows)
            activities = new Activity[rows];
        return activities.AsSpan(0, rows);
    }

    /// <summary>Makes a part for each group, with no symbols yet.</summary>
    public void MakeParts()
    {
        while (parts.Count < Groups.Count)
            parts.Add(new RansPart());
        foreach (var part in Parts)
            part.Clear();
    }

    /// <summary>Counts the distances that belong to each part, and for a dense block its symbols.</summary>
    public void Measure(Block block, Rows rows)
    {
        if (Groups.Count == 1)
        {
            parts[0].Length = block.Plan.Length;
        }
        else
        {
            var groupOf = Groups.Of(rows.Count);
            for (int row = 0; row < groupOf.Length; row++)
                parts[groupOf[row]].Length += rows.End(row) - rows.Start(row);
        }

        if (block.CodesGaps)
            return;
        foreach (var part in Parts)
            part.Count = Groups.Count == 1 ? block.Count : part.Length;
    }

    /// <summary>Numbers the parts' symbols one after another.</summary>
    public void Place()
    {
        int first = 0;
        foreach (var part in Parts)
        {
            part.First = first;
            first += part.Count;
        }
    }

    /// <summary>A part's symbols.</summary>
    public Span<byte> SymbolsOf(RansPart part, Block block)
    {
        if (Groups.Count == 1)
            return block.Symbols;
        Grow(ref symbols, block.Count * block.SymbolBytes);
        return symbols.AsSpan(part.First * block.SymbolBytes, part.Count * block.SymbolBytes);
    }

    /// <summary>Where a part's coded symbols stand, counted within the part.</summary>
    public Span<ushort> PositionsOf(RansPart part, Block block)
    {
        if (!block.CodesGaps)
            return part.NonZeros;
        if (Groups.Count == 1)
            return block.Positions;
        Grow(ref positions, block.Count);
        return positions.AsSpan(part.First, part.Count);
    }

    /// <summary>Brings symbols and positions from their own order into the parts'.</summary>
    public void Arrange(Block block, Rows rows)
    {
        if (Groups.Count > 1)
            Move(block, rows, back: false);
    }

    /// <summary>Brings them back.</summary>
    public void Restore(Block block, Rows rows)
    {
        if (Groups.Count > 1)
            Move(block, rows, back: true);
    }

    void Move(Block block, Rows rows, bool back)
    {
        Span<int> done = stackalloc int[RowGroups.MaxGroups], passed = stackalloc int[RowGroups.MaxGroups];
        done.Clear();
        passed.Clear();
        var groupOf = Groups.Of(rows.Count);
        int next = 0, size = block.SymbolBytes;
        for (int row = 0; row < groupOf.Length; row++)
        {
            int group = groupOf[row];
            var part = parts[group];
            int start = rows.Start(row), length = rows.End(row) - start, count = length;
            if (block.CodesGaps)
            {
                var arranged = PositionsOf(part, block)[done[group]..];
                count = back
                    ? MovePositions(arranged, block.Positions[next..], passed[group] + length, start - passed[group])
                    : MovePositions(block.Positions[next..], arranged, start + length, passed[group] - start);
            }

            var own = block.Symbols.Slice(next * size, count * size);
            var moved = SymbolsOf(part, block).Slice(done[group] * size, count * size);
            if (back)
                moved.CopyTo(own);
            else
                own.CopyTo(moved);
            next += count;
            done[group] += count;
            passed[group] += length;
        }
    }

    // Those below a limit, shifted; says how many they were.
    static int MovePositions(ReadOnlySpan<ushort> from, Span<ushort> to, int limit, int shift)
    {
        int count = 0;
        for (; count < from.Length && from[count] < limit; count++)
            to[count] = (ushort)(from[count] + shift);
        return count;
    }

    static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length)
            Array.Resize(ref array, length + length / 4);
    }
}

/// <summary>The rows of a block that are coded together.</summary>
sealed class RansPart
{
    /// <summary>The run of gaps; those of symbols follow.</summary>
    public const int Gaps = 0;

    const int MaxRuns = 1 + BytePlanes.Planes;

    byte[] tokens = [];
    ushort[] nonZeros = [];
    int nonZeroCount;
    readonly int[] counts = new int[MaxRuns * 256];

    /// <summary>The number of its tensor among the coded ones.</summary>
    public int Tensor { get; set; }

    /// <summary>How strong its symbols are in the encoder, or -1 where that says nothing.</summary>
    public int Level { get; set; }

    /// <summary>Number of values that its positions are among.</summary>
    public int Length { get; set; }

    /// <summary>Index of its first symbol.</summary>
    public int First { get; set; }

    /// <summary>Number of its symbols.</summary>
    public int Count { get; set; }

    /// <summary>Whether only some symbols are coded, each with the gap before it.</summary>
    public bool InPairs { get; set; }

    /// <summary>Whether those are the symbols other than zero.</summary>
    public bool IsScattered { get; private set; }

    /// <summary>Number of symbols that are coded.</summary>
    public int Coded => IsScattered ? nonZeroCount : Count;

    /// <summary>Which tables its runs use, gaps first.</summary>
    public int[] Tables { get; } = new int[MaxRuns];

    /// <summary>Positions of the coded symbols, where they are the ones other than zero.</summary>
    public Span<ushort> NonZeros => nonZeros.AsSpan(0, nonZeroCount);

    public void Clear()
    {
        (Length, First, Count, InPairs, IsScattered, nonZeroCount) = (0, 0, 0, false, false, 0);
        Array.Clear(Tables);
    }

    /// <summary>Codes only the symbols other than zero; room for their positions, with some to spare.</summary>
    public Span<ushort> Scatter(int count)
    {
        InPairs = IsScattered = true;
        nonZeroCount = count;
        if (nonZeros.Length < count + Kernels.NonZeros.Slack)
            nonZeros = new ushort[count + count / 4 + Kernels.NonZeros.Slack];
        return nonZeros;
    }

    /// <summary>How often each of 256 tokens of a run occurs.</summary>
    public Span<int> CountsOf(int run) => counts.AsSpan(256 * run, 256);

    /// <summary>The tokens of gaps, and behind them room for those of symbols.</summary>
    public Span<byte> Tokens(int symbolTokens)
    {
        int gaps = InPairs ? Coded : 0;
        if (tokens.Length < gaps + symbolTokens)
            Array.Resize(ref tokens, gaps + symbolTokens + (gaps + symbolTokens) / 4);
        return tokens.AsSpan(0, gaps + symbolTokens);
    }

    public Span<byte> GapTokens => Tokens(0);

    public Span<byte> SymbolTokens(int count) => Tokens(count)[(InPairs ? Coded : 0)..];
}
