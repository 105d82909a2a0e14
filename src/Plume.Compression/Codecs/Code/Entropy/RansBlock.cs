using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Kernels.RansCoding;

namespace Plume.Compression.Codecs.Code.Entropy;

/// <summary>
/// A block's memory in the rANS coder: its symbols, arranged so that those of a group stand side by side, and the parts
/// that the groups make. With one group the block's own symbols and positions serve.
/// </summary>
sealed class RansBlock
{
    readonly List<RansPart> parts = [];
    readonly int[] partialStarts = new int[Columns.MostClasses + 1];
    byte[] symbols = [];
    byte[] sorted = [];
    ushort[] positions = [];
    ushort[] partialPlaces = [];
    ushort[] partialRanks = [];
    int[] columnSums = [];
    Activity[] activities = [];

    public RowGroups Groups { get; } = new();

    /// <summary>The block's rows.</summary>
    public Rows Rows { get; private set; }

    /// <summary>The tensor's columns, where they are told apart.</summary>
    public Columns? Columns { get; private set; }

    /// <summary>How strong its values are.</summary>
    public Strengths Strengths { get; } = new();

    /// <summary>The sum of the magnitudes in each column of the block.</summary>
    public ReadOnlySpan<int> ColumnSums => columnSums;

    public void Shape(BlockPlan plan, Columns? columns)
    {
        Rows = Rows.Of(plan, columns is not null);
        Columns = columns;
    }

    /// <summary>Sums each column's distances from zero.</summary>
    public void SumColumns(Block block, byte zero)
    {
        int count = block.Plan.Tensor.Length / block.Plan.Tensor.Channels,
            column = (block.Plan.Start - block.Plan.Tensor.Offset) % count;
        if (columnSums.Length == 0)
            columnSums = new int[count];
        columnSums.AsSpan().Clear();
        for (int start = 0; start < block.Count; column = 0)
        {
            int length = Math.Min(count - column, block.Count - start);
            Activity.AddDistances(block.Symbols.Slice(start, length), zero, columnSums.AsSpan(column));
            start += length;
        }
    }

    /// <summary>A row's places in the order of their columns' classes, counted from the row's start in the block.</summary>
    public RowOrder OrderOf(int row)
    {
        int first = Rows.PlaceOf(row), length = Rows.End(row) - Rows.Start(row);
        var places = Columns!.Places;
        if (length == places.Length)
            return new RowOrder(places, Columns.Ranks, Columns.ClassStarts);
        // The block begins or ends within the row.
        Grow(ref partialPlaces, places.Length);
        Grow(ref partialRanks, places.Length);
        int next = 0;
        for (int columnClass = 0; columnClass < Columns.Classes; columnClass++)
        {
            partialStarts[columnClass] = next;
            for (int i = Columns.ClassStarts[columnClass]; i < Columns.ClassStarts[columnClass + 1]; i++)
            {
                int place = places[i] - first;
                if (place < 0 || place >= length)
                    continue;
                partialRanks[place] = (ushort)next;
                partialPlaces[next++] = (ushort)place;
            }
        }

        partialStarts[Columns.Classes] = next;
        return new RowOrder(partialPlaces.AsSpan(0, next), partialRanks.AsSpan(0, next), partialStarts);
    }

    /// <summary>Brings each row's symbols into the order of their columns.</summary>
    public void SortRows(Block block)
    {
        Grow(ref sorted, block.Count);
        for (int row = 0; row < Rows.Count; row++)
            OrderOf(row).Sort(block.Symbols[Rows.Start(row)..], sorted.AsSpan(Rows.Start(row)));
    }

    /// <summary>A row's symbols in the order of their columns.</summary>
    public ReadOnlySpan<byte> SortedRow(int row) => sorted.AsSpan(Rows.Start(row), Rows.End(row) - Rows.Start(row));

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
    public void Measure(Block block)
    {
        if (Groups.Count == 1)
            parts[0].Length = block.Plan.Length;
        else if (Columns is null)
            MeasureRows();
        else
            MeasureClasses();
        if (block.CodesGaps)
            return;
        foreach (var part in Parts)
            part.Count = Groups.Count == 1 ? block.Count : part.Length;
    }

    void MeasureRows()
    {
        var classOf = Groups.ClassesOf(Rows.Count);
        for (int row = 0; row < classOf.Length; row++)
            parts[classOf[row]].Length += Rows.End(row) - Rows.Start(row);
    }

    void MeasureClasses()
    {
        var classOf = Groups.ClassesOf(Rows.Count);
        for (int row = 0; row < classOf.Length; row++)
        {
            var starts = OrderOf(row).ClassStarts;
            for (int columnClass = 0; columnClass < Columns!.Classes; columnClass++)
                parts[Groups.Of(classOf[row] + columnClass)].Length += starts[columnClass + 1] - starts[columnClass];
        }
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
    public void Arrange(Block block)
    {
        if (Groups.Count > 1 && Columns is null)
            MoveRows(block, back: false);
        else if (Groups.Count > 1)
            MoveSorted(block, back: false);
    }

    /// <summary>Brings them back.</summary>
    public void Restore(Block block)
    {
        if (Groups.Count == 1)
            return;
        if (Columns is null)
        {
            MoveRows(block, back: true);
            return;
        }

        Grow(ref sorted, block.Count);
        MoveSorted(block, back: true);
        for (int row = 0; row < Rows.Count; row++)
            OrderOf(row).Unsort(SortedRow(row), block.Symbols[Rows.Start(row)..]);
    }

    // Between the rows in the order of their columns and the parts.
    void MoveSorted(Block block, bool back)
    {
        Span<int> done = stackalloc int[RowGroups.MaxGroups];
        done.Clear();
        var classOf = Groups.ClassesOf(Rows.Count);
        for (int row = 0; row < classOf.Length; row++)
        {
            var starts = OrderOf(row).ClassStarts;
            var own = sorted.AsSpan(Rows.Start(row));
            for (int columnClass = 0; columnClass < Columns!.Classes; columnClass++)
            {
                int group = Groups.Of(classOf[row] + columnClass), start = starts[columnClass],
                    length = starts[columnClass + 1] - start;
                var moved = SymbolsOf(parts[group], block).Slice(done[group], length);
                if (back)
                    moved.CopyTo(own[start..]);
                else
                    own.Slice(start, length).CopyTo(moved);
                done[group] += length;
            }
        }
    }

    void MoveRows(Block block, bool back)
    {
        Span<int> done = stackalloc int[RowGroups.MaxGroups], passed = stackalloc int[RowGroups.MaxGroups];
        done.Clear();
        passed.Clear();
        var classOf = Groups.ClassesOf(Rows.Count);
        int next = 0, size = block.SymbolBytes;
        for (int row = 0; row < classOf.Length; row++)
        {
            int group = classOf[row];
            var part = parts[group];
            int start = Rows.Start(row), length = Rows.End(row) - start, count = length;
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

/// <summary>
/// A row's places in the order of their columns' classes, the rank of each place in it, and where each class begins and the last
/// one ends.
/// </summary>
readonly ref struct RowOrder(ReadOnlySpan<ushort> places, ReadOnlySpan<ushort> ranks, ReadOnlySpan<int> classStarts)
{
    readonly ReadOnlySpan<ushort> places = places;
    readonly ReadOnlySpan<ushort> ranks = ranks;

    public ReadOnlySpan<int> ClassStarts { get; } = classStarts;

    /// <summary>Brings a row's symbols into the order.</summary>
    public void Sort(ReadOnlySpan<byte> row, Span<byte> sorted) => Permutation.Gather(row, places, sorted);

    /// <summary>Brings them back.</summary>
    public void Unsort(ReadOnlySpan<byte> sorted, Span<byte> row) => Permutation.Gather(sorted, ranks, row);
}
