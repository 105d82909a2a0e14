using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>
/// What <see cref="WavefrontModel"/> remembers of a tensor whose rows it codes side by side, and the contexts of the values at
/// hand. Lane i is at rows i, i + 16, ..., three columns behind lane i - 1: all that <see cref="LevelRows"/> would know of
/// the row above is known, and no value waits for another of the same step.
/// </summary>
/// <remarks>
/// What lanes left behind is kept step by step, sixteen lanes side by side: to the left is one step before in the same lane,
/// above is three steps before in the lane before. Before the first lane stands what the last one left of the row above. Two
/// columns would do; with three no vector is read that was written in parts a moment ago, which processors are slow at.
/// Source: the wavefront of ITU-T H.265, 2013, as proposed by Henry and Pateux, "Wavefront Parallel Processing", JCTVC-E196, 2011.
/// </remarks>
sealed unsafe class WavefrontRows
{
    /// <summary>Rows that are coded side by side.</summary>
    public const int Lanes = 16;

    /// <summary>Shorter rows are joined: the last lane must be done with a column before the first one needs it.</summary>
    public const int MinWidth = 64;

    /// <summary>A longer row is cut; then "above" means this far before.</summary>
    public const int MaxWidth = 1 << 14;

    // Of one lane's contexts: where those of the others begin.
    public const int ByNeighbours = 32;
    public const int ByBoth = 64;

    // Columns that each lane is behind the one before it.
    const int Skew = 3, Behind = Skew * (Lanes - 1);

    // Steps are kept in slots of 64 bytes: at 16 the first lane, before it the row above that.
    const int Slot = 32, First = 16, History = 2 * LevelModel.MaxLag, Slots = 4 * History;
    const int OddSlots = 4; // more than Skew
    const int MeanBits = 12;
    const int Settles = 32;

    readonly short[] levels = new short[Slots * Slot], columnOdds = new short[OddSlots * Slot];
    readonly short[] rowBase = new short[Lanes];
    readonly int[] starts = new int[Lanes], rows = new int[Lanes], rowSums = new int[Lanes], rowBalances = new int[Lanes];
    short[] lastLevels = [], lastOdds = [];
    int[] columnSums = [];
    int width, lag, length, step, steps, phase, slot, mean, fullFrom, fullTo;
    long sum, count;

    /// <summary>Of each lane where its counters are: by place, then by neighbours, then by both.</summary>
    public int[] Contexts { get; } = new int[3 * Lanes];

    /// <summary>Of each lane where its sign's counters are: by neighbours, then by how far the row leans, then of all.</summary>
    public int[] Signs { get; } = new int[3 * Lanes];

    /// <summary>The lanes that have a value at this step.</summary>
    public uint Active { get; private set; }

    /// <summary>The lanes that have begun another row.</summary>
    public uint Fresh { get; private set; }

    /// <summary>How long rows are taken to be, in both ends: 64 values or more, 16,384 at most.</summary>
    public static int WidthOf(int rowLength) =>
        rowLength < MinWidth ? (MinWidth + rowLength - 1) / rowLength * rowLength : Math.Min(rowLength, MaxWidth);

    /// <summary>Forgets everything: a new run begins.</summary>
    public void Clear()
    {
        mean = (1 << MeanBits) / 20;
        count = 0;
    }

    /// <summary>A tensor begins.</summary>
    /// <param name="rowWidth">Values of a row, <see cref="MinWidth"/> to <see cref="MaxWidth"/>.</param>
    /// <param name="firstColumn">Where in its row the first value stands.</param>
    /// <param name="rowLag">How far before in its row each value's second neighbour stands.</param>
    /// <param name="values">How many there are.</param>
    public void Begin(int rowWidth, int firstColumn, int rowLag, int values)
    {
        FindMean();
        sum = count = 0;
        (width, lag, length) = (rowWidth, rowLag, values);
        if (columnSums.Length < width)
            (columnSums, lastLevels, lastOdds) = (new int[width], new short[width], new short[width]);
        levels.AsSpan().Clear();
        columnSums.AsSpan(0, width).Clear();
        lastLevels.AsSpan(0, width).Clear();
        short odds = (short)LevelRows.Logarithm(4L * mean);
        lastOdds.AsSpan(0, width).Fill(odds);
        columnOdds.AsSpan().Fill(odds);
        int rowCount = (firstColumn + values + width - 1) / width, rounds = (rowCount + Lanes - 1) / Lanes,
            lastLanes = rowCount - (rounds - 1) * Lanes, lastColumns = firstColumn + values - (rowCount - 1) * width;
        steps = (rounds - 1) * width + Math.Max(lastColumns + Skew * (lastLanes - 1),
            lastLanes > 1 ? width + Skew * (lastLanes - 2) : 0);
        (fullFrom, fullTo) = (Math.Max(Behind, firstColumn), (rounds - 1) * width);
        (step, phase, slot) = (-1, -1, History - 1);
        for (int lane = 0; lane < Lanes; lane++)
        {
            starts[lane] = lane * width - Skew * lane - firstColumn;
            rows[lane] = lane;
            BeginRow(lane);
        }
    }

    /// <summary>Goes on by one column in every lane and finds the contexts.</summary>
    /// <returns>Whether there is one.</returns>
    public bool Advance()
    {
        if (++step == steps)
            return false;
        if (++phase == width)
            phase = 0;
        if (++slot == Slots)
        {
            levels.AsSpan((Slots - History) * Slot).CopyTo(levels);
            levels.AsSpan(History * Slot).Clear();
            slot = History;
        }

        Fresh = 0;
        if (phase <= Behind && step >= width && phase % Skew == 0)
            BeginNextRow(phase / Skew);
        if (step % Settles == 0)
            Settle();
        Active = step >= fullFrom && step < fullTo ? 0xFFFF : FindActive();
        count += BitOperations.PopCount(Active);
        FindContexts();
        return true;
    }

    /// <summary>Where a lane's value is among all of the tensor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int IndexOf(int lane) => Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(starts), lane) + step;

    /// <summary>Notes a lane's magnitude other than zero for its column.</summary>
    public void Note(int lane, int magnitude)
    {
        int column = phase - Skew * lane;
        if (column < 0)
            column += width;
        int total = columnSums[column] += Math.Min(magnitude, LevelRows.Nearest);
        columnOdds[step % OddSlots * Slot + First + lane] = (short)LevelRows.Logarithm(((long)total << MeanBits) + 4L * mean);
    }

    /// <summary>Leaves the columns where lanes are.</summary>
    /// <param name="found">The lanes' levels, from -255 to 255.</param>
    public void Leave(Vector256<short> found)
    {
        int place = slot * Slot + First, odds = step % OddSlots * Slot + First, last = phase - Behind, next = phase + Skew;
        found.StoreUnsafe(ref levels[place]);
        if (found != Vector256<short>.Zero)
            AddToRows(found);
        if (last < 0)
            last += width;
        if (next >= width)
            next -= width;
        if (step >= Behind)
        {
            lastLevels[last] = found[Lanes - 1];
            lastOdds[last] = columnOdds[odds + Lanes - 1];
        }

        levels[place - 1] = lastLevels[next];
        columnOdds[odds - 1] = lastOdds[next];
    }

    void AddToRows(Vector256<short> found)
    {
        ref int sums = ref MemoryMarshal.GetArrayDataReference(rowSums);
        ref int balances = ref MemoryMarshal.GetArrayDataReference(rowBalances);
        var (lower, upper) = Vector256.Widen(found);
        const nuint half = Lanes / 2;
        (Vector256.LoadUnsafe(ref balances) + lower).StoreUnsafe(ref balances);
        (Vector256.LoadUnsafe(ref balances, half) + upper).StoreUnsafe(ref balances, half);
        (lower, upper) = (Vector256.Abs(lower), Vector256.Abs(upper));
        (Vector256.LoadUnsafe(ref sums) + lower).StoreUnsafe(ref sums);
        (Vector256.LoadUnsafe(ref sums, half) + upper).StoreUnsafe(ref sums, half);
        sum += Vector256.Sum(lower + upper);
    }

    /// <summary>Finds the contexts of signs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void FindSigns()
    {
        fixed (short* here = &levels[slot * Slot + First])
        fixed (int* signs = Signs, sums = rowSums, balances = rowBalances)
        {
            var one = Vector256.Load(here - Slot);
            var lagged = Vector256.Load(here - lag * Slot);
            var above = Vector256.Load(here - Skew * Slot - 1);
            if (!IsInside)
            {
                var columns = Columns();
                one &= Vector256.GreaterThan(columns, Vector256<short>.Zero);
                lagged &= Vector256.GreaterThanOrEqual(columns, Vector256.Create((short)lag));
            }

            one = SignOf(one);
            lagged = SignOf(lagged);
            Store(one + (one << 3) + lagged + lagged + lagged + SignOf(above) + Vector256.Create((short)13), signs);
            for (int i = 0; i < Lanes; i += Vector256<int>.Count)
                (TiltsOf(Vector256.Load(balances + i), Vector256.Load(sums + i)) + Vector256.Create(ByNeighbours + 7))
                    .Store(signs + Lanes + i);
        }
    }

    // How far rows lean to one side for their sizes, -7 to 7.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> TiltsOf(Vector256<int> balances, Vector256<int> sums)
    {
        var magnitudes = Vector256.Abs(balances);
        var tilts = ((Logarithms(Vector256.ConvertToSingle(magnitudes)) << 1)
            - Logarithms(Vector256.ConvertToSingle(sums + Vector256<int>.One)) + Vector256.Create(32)) >> 4;
        tilts = Vector256.Max(Vector256.Min(tilts, Vector256.Create(7)), Vector256<int>.Zero);
        var less = balances >> 31;
        return (tilts ^ less) - less;
    }

    static Vector256<short> SignOf(Vector256<short> values) =>
        Vector256.Max(Vector256.Min(values, Vector256<short>.One), Vector256.Create((short)-1));

    // No lane is near an end of its row.
    bool IsInside => phase >= Behind + 2 * lag && phase < width - 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void FindContexts()
    {
        fixed (short* here = &levels[slot * Slot + First], odds = &columnOdds[First], bases = rowBase)
        fixed (int* contexts = Contexts, sums = rowSums)
        {
            var columns = Columns();
            var one = Vector256.Abs(Vector256.Load(here - Slot));
            var two = Vector256.Abs(Vector256.Load(here - 2 * Slot));
            var lagged = Vector256.Abs(Vector256.Load(here - lag * Slot));
            var twice = Vector256.Abs(Vector256.Load(here - 2 * lag * Slot));
            var above = Vector256.Abs(Vector256.Load(here - Skew * Slot - 1));
            var before = Vector256.Abs(Vector256.Load(here - (Skew + 1) * Slot - 1));
            var after = Vector256.Abs(Vector256.Load(here - (Skew - 1) * Slot - 1));
            if (!IsInside)
            {
                one &= Vector256.GreaterThan(columns, Vector256<short>.Zero);
                before &= Vector256.GreaterThan(columns, Vector256<short>.Zero);
                two &= Vector256.GreaterThan(columns, Vector256<short>.One);
                lagged &= Vector256.GreaterThanOrEqual(columns, Vector256.Create((short)lag));
                twice &= Vector256.GreaterThanOrEqual(columns, Vector256.Create((short)(2 * lag)));
                after &= Vector256.LessThan(columns, Vector256.Create((short)(width - 1)));
            }

            var energy = above + above + before + after + ((one + lagged) << 2) + ((two + twice) << 1);
            var column = Vector256.Load(odds + (step + OddSlots - Skew) % OddSlots * Slot - 1);
            column.Store(odds + step % OddSlots * Slot);
            var place = (Vector256.Load(bases) + LogarithmsOf(Vector256.Load(sums), Vector256.Load(sums + Lanes / 2)) + column
                - Logarithms(columns + Vector256.Create((short)8))) >> 3;
            place = Vector256.Max(Vector256.Min(place, Vector256.Create((short)27)), Vector256<short>.Zero);
            var most = Vector256.Create((short)2);
            one = Vector256.Min(one, most);
            lagged = Vector256.Min(lagged, most);
            Store(place, contexts);
            Store(one + (one << 3) + lagged + lagged + lagged + Vector256.Min(above, most)
                + Vector256.Create((short)ByNeighbours), contexts + Lanes);
            Store(((place >> 1) << 4) + Bins(Vector256.Min(energy, Vector256.Create((short)1023)))
                + Vector256.Create((short)ByBoth), contexts + 2 * Lanes);
        }
    }

    // Of lanes that have not begun, any.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Vector256<short> Columns()
    {
        var columns = Vector256.Create((short)phase)
            - Vector256.Create(0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42, (short)45);
        return columns + (Vector256.LessThan(columns, Vector256<short>.Zero) & Vector256.Create((short)width));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(Vector256<short> values, int* target)
    {
        var (lower, upper) = Vector256.Widen(values);
        lower.Store(target);
        upper.Store(target + Vector256<int>.Count);
    }

    /// <summary><see cref="LevelRows.Logarithm"/> of positive numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<short> Logarithms(Vector256<short> values)
    {
        var (lower, upper) = Vector256.Widen(values);
        return Vector256.Narrow(Logarithms(Vector256.ConvertToSingle(lower)), Logarithms(Vector256.ConvertToSingle(upper)));
    }

    // Far below 0 for 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Logarithms(Vector256<float> values) => (values.AsInt32() >> 19) - Vector256.Create(127 << 4);

    // Of the sums of rows, which count for more than none.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Vector256<short> LogarithmsOf(Vector256<int> lower, Vector256<int> upper)
    {
        var one = Vector256.Create((float)(1 << MeanBits));
        var least = Vector256.Create(8f * mean);
        return Vector256.Narrow(Logarithms(Vector256.ConvertToSingle(lower) * one + least),
            Logarithms(Vector256.ConvertToSingle(upper) * one + least));
    }

    /// <summary><see cref="LevelModel.EnergyBins"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<short> Bins(Vector256<short> energies)
    {
        var (lower, upper) = Vector256.Widen(energies);
        Vector256<float> x = Vector256.ConvertToSingle(lower), y = Vector256.ConvertToSingle(upper);
        var exponents = Vector256.Narrow((x * x).AsInt32() >> 23, (y * y).AsInt32() >> 23);
        return Vector256.Max(exponents - Vector256.Create((short)(127 - 3)), Vector256<short>.Zero) >> 1;
    }

    uint FindActive()
    {
        uint found = 0;
        for (int lane = 0; lane < Lanes; lane++)
        {
            if (step >= Skew * lane && (uint)IndexOf(lane) < (uint)length)
                found |= 1u << lane;
        }

        return found;
    }

    void BeginNextRow(int lane)
    {
        Fresh = 1u << lane;
        starts[lane] += (Lanes - 1) * width;
        rows[lane] += Lanes;
        BeginRow(lane);
    }

    void BeginRow(int lane)
    {
        rowSums[lane] = rowBalances[lane] = 0;
        Signs[2 * Lanes + lane] = ByNeighbours + 15;
        SizeRow(lane);
    }

    void Settle()
    {
        FindMean();
        for (int lane = 0; lane < Lanes; lane++)
            SizeRow(lane);
    }

    void FindMean()
    {
        if (count > 0)
            mean = (int)Math.Clamp((sum << MeanBits) / count, 4, 1 << 24);
    }

    // Mean of the row times mean of the column over the mean of all, the lowest bin for 1/512.
    void SizeRow(int lane) => rowBase[lane] =
        (short)(16 * (9 - MeanBits) + 8 - LevelRows.Logarithm(rows[lane] + 4) - LevelRows.Logarithm(mean));
}
