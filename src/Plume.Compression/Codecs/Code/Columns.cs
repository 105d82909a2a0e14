using Plume.Compression.Kernels;
using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// How strong each column of a tensor is beside the whole of it, in half octaves: an input that most of a client's data
/// leaves at zero has weights that hardly move, in every row.
/// </summary>
/// <param name="tensor">Its columns are the places within a channel.</param>
sealed class Columns(TensorSpec tensor)
{
    const int Lowest = -8;
    const int Highest = 7;
    public const int MostClasses = Highest - Lowest + 1;

    // With fewer there is little to tell apart, or little to gain; with more a block would hold no more than three rows.
    const int FewestColumns = 8;
    const int MostColumns = 1 << 14;
    const int FewestRows = 8;

    /// <summary>Bits that a column's level costs, with what chance alone would seem to gain.</summary>
    const int ColumnBits = 4;

    readonly long[] sums = new long[tensor.Length / tensor.Channels];
    readonly int[] levels = new int[tensor.Length / tensor.Channels];
    readonly int[] changes = new int[tensor.Length / tensor.Channels];
    int[] classStarts = [];
    ushort[] places = [];
    ushort[] ranks = [];
    int lowest, highest;

    public int Count => levels.Length;

    /// <summary>Whether the tensor's values are told apart by column.</summary>
    public bool AreUsed { get; private set; }

    /// <summary>Classes of columns: the levels from the lowest that occurs to the highest.</summary>
    public int Classes => highest - lowest + 1;

    /// <summary>The level of a class.</summary>
    public int LevelOf(int columnClass) => lowest + columnClass;

    /// <summary>A column's class.</summary>
    public int ClassOf(int column) => levels[column] - lowest;

    /// <summary>The places of a row in the order of their classes, and within a class as they are.</summary>
    public ReadOnlySpan<ushort> Places => places;

    /// <summary>Each place's rank in that order.</summary>
    public ReadOnlySpan<ushort> Ranks => ranks;

    /// <summary>Where in that order each class begins, and the last one ends.</summary>
    public ReadOnlySpan<int> ClassStarts => classStarts;

    public static bool MayTell(TensorSpec tensor) =>
        tensor.Channels >= FewestRows && tensor.Length / tensor.Channels is >= FewestColumns and <= MostColumns;

    /// <summary>Forgets all magnitudes.</summary>
    public void Clear() => sums.AsSpan().Clear();

    /// <summary>Takes in the sums of the magnitudes of some rows.</summary>
    public void Add(ReadOnlySpan<int> columnSums)
    {
        for (int column = 0; column < sums.Length; column++)
            sums[column] += columnSums[column];
    }

    /// <summary>Finds each column's level, and whether to tell columns apart pays.</summary>
    public void Fit()
    {
        long total = 0;
        foreach (long sum in sums)
            total += sum;
        for (int column = 0; column < levels.Length; column++)
            levels[column] = total == 0 ? 0 : LevelOf(sums[column] * (double)Count / total);
        AreUsed = Saving(total) > (long)ColumnBits * Count << Information.FractionBits;
        Arrange();
    }

    /// <summary>Codes whether columns are told apart, and their levels if so.</summary>
    /// <exception cref="InvalidPayloadException">A level is out of range.</exception>
    public void Code<TCoder>(ref TCoder coder, LevelModel model) where TCoder : struct, ILevelCoder, allows ref struct
    {
        AreUsed = coder.Code(AreUsed ? 0 : 1, ILevelCoder.Even) == 0;
        if (!AreUsed)
            return;
        for (int column = 0; TCoder.Encodes && column < levels.Length; column++)
            changes[column] = levels[column] - (column == 0 ? 0 : levels[column - 1]);
        model.Begin(Count, 0, Lags.Shortest, 0);
        model.Code(ref coder, changes, chooses: false);
        if (!TCoder.Encodes)
            TakeChanges();
    }

    void TakeChanges()
    {
        int level = 0;
        for (int column = 0; column < levels.Length; column++)
        {
            level += changes[column];
            if (level is < Lowest or > Highest)
                throw InvalidPayloadException.Field("level of a column", column, level, $"must be in {Lowest}..{Highest}");
            levels[column] = level;
        }

        Arrange();
    }

    // To the nearest half octave: the square's octave, with half of one on top.
    static int LevelOf(double ratio) => ratio == 0 ? Lowest
        : Math.Clamp(Math.ILogB(ratio * ratio * 1.4142135623730951), Lowest, Highest);

    // By how much less geometric magnitudes cost with each class's own mean than with the mean of all.
    long Saving(long total)
    {
        Span<long> count = stackalloc long[MostClasses], sum = stackalloc long[MostClasses];
        count.Clear();
        sum.Clear();
        for (int column = 0; column < levels.Length; column++)
        {
            count[levels[column] - Lowest] += tensor.Channels;
            sum[levels[column] - Lowest] += sums[column];
        }

        long saving = Activity.CostOf(tensor.Length, tensor.Length + total);
        for (int level = 0; level < MostClasses; level++)
            saving -= Activity.CostOf(count[level], count[level] + sum[level]);
        return saving;
    }

    void Arrange()
    {
        if (!AreUsed)
            return;
        (lowest, highest) = (Highest, Lowest);
        foreach (int level in levels)
            (lowest, highest) = (Math.Min(lowest, level), Math.Max(highest, level));
        int unit = Rows.UnitOf(tensor, byColumns: true);
        if (places.Length == 0)
            (places, ranks, classStarts) = (new ushort[unit], new ushort[unit], new int[MostClasses + 1]);
        Span<int> next = stackalloc int[MostClasses + 1];
        next.Clear();
        for (int column = 0; column < Count; column++)
            next[ClassOf(column) + 1] += unit / Count;
        for (int columnClass = 1; columnClass <= Classes; columnClass++)
            next[columnClass] += next[columnClass - 1];
        next[..(Classes + 1)].CopyTo(classStarts);
        for (int place = 0, column = 0; place < unit; place++, column = column + 1 == Count ? 0 : column + 1)
        {
            int rank = next[ClassOf(column)]++;
            places[rank] = (ushort)place;
            ranks[place] = (ushort)rank;
        }
    }
}
