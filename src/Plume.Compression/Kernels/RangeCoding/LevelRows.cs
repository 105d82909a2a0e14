using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>
/// What a model of levels remembers of the tensor at hand: the row, the one above it, and how large row and column have been so
/// far.
/// </summary>
sealed class LevelRows
{
    /// <summary>Room before the first column, for neighbours to its left.</summary>
    public const int Pad = 2 * LevelModel.MaxLag;

    /// <summary>Magnitudes and signs of neighbours count up to this one.</summary>
    public const int Nearest = 255;

    const int MeanBits = 12;

    short[] above = [], current = [], aboveEnergy = [];
    int[] columnSums = [], columnOdds = [], distance = [];
    int row, rowBase, mean;
    long tensorSum, tensorCount;

    /// <summary>Values of a row.</summary>
    public int Width { get; private set; }

    /// <summary>Where in its row the next value stands.</summary>
    public int Column { get; private set; }

    /// <summary>How far before each value its second neighbour stands.</summary>
    public int Lag { get; private set; }

    /// <summary>The sum of the row's magnitudes so far.</summary>
    public int RowSum { get; private set; }

    /// <summary>The sum of the row's levels so far.</summary>
    public int RowBalance { get; private set; }

    /// <summary>How large the row has been, as a logarithm in 16ths; with the column's that of a value to come.</summary>
    public int RowOdds { get; private set; }

    /// <summary>The row's level at the next column.</summary>
    public ref short Here => ref current[Pad + Column];

    /// <summary>The level above that.</summary>
    public ref short Up => ref above[Pad + Column];

    /// <summary>Twice the magnitude above it, and those to the left and right of that.</summary>
    public ref short UpEnergy => ref aboveEnergy[Column];

    /// <summary>How large the column has been, as a logarithm in 16ths.</summary>
    public ref int ColumnOdds => ref columnOdds[Column];

    /// <summary>Forgets everything: a new run begins.</summary>
    public void Clear() => mean = (1 << MeanBits) / 20;

    /// <summary>A tensor begins.</summary>
    public void Begin(int rowLength, int firstColumn, int rowLag)
    {
        Width = Math.Min(rowLength, LevelModel.MaxWidth);
        Lag = rowLag;
        if (current.Length < Pad + Width + 1)
        {
            current = new short[Pad + Width + 1];
            above = new short[Pad + Width + 1];
            aboveEnergy = new short[Width];
            columnSums = new int[Width];
            columnOdds = new int[Width];
            distance = new int[Width];
            for (int j = 0; j < Width; j++)
                distance[j] = Logarithm(j + 8);
        }

        // Not what a longer row before needed: tensors may be many and short.
        current.AsSpan(0, Pad + Width + 1).Clear();
        above.AsSpan(0, Pad + Width + 1).Clear();
        aboveEnergy.AsSpan(0, Width).Clear();
        columnSums.AsSpan(0, Width).Clear();
        int start = Logarithm(4L * mean);
        for (int j = 0; j < Width; j++)
            columnOdds[j] = start - distance[j];
        row = 0;
        Column = firstColumn % Width;
        tensorSum = 0;
        tensorCount = 0;
        BeginRow();
    }

    /// <summary>Goes on in the row.</summary>
    /// <returns>Whether it has ended.</returns>
    public bool Advance(int values)
    {
        Column += values;
        if (Column < Width)
            return false;
        EndRow();
        return true;
    }

    /// <summary>Notes a level other than zero that stands so many values after <see cref="Column"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Note(int level, int offset)
    {
        const int most = 1 << 12;
        int magnitude = Math.Min(Math.Abs(level), most), place = Column + offset;
        RowSum = Math.Min(RowSum + magnitude, 1 << 28);
        RowBalance = Math.Clamp(RowBalance + Math.Clamp(level, -most, most), -(1 << 28), 1 << 28);
        columnSums[place] = Math.Min(columnSums[place] + magnitude, 1 << 28);
        columnOdds[place] = Logarithm(((long)columnSums[place] << MeanBits) + 4L * mean) - distance[place];
        RowOdds = rowBase + Logarithm(((long)RowSum << MeanBits) + 8L * mean);
        current[Pad + place] = (short)Math.Clamp(level, -Nearest, Nearest);
    }

    /// <summary>The binary logarithm in 16ths, linear between powers of two.</summary>
    public static int Logarithm(long value)
    {
        int zeros = BitOperations.LeadingZeroCount((ulong)value);
        return ((63 - zeros) << 4) | (int)(((ulong)value << zeros) >> 59 & 15);
    }

    void EndRow()
    {
        tensorSum += RowSum;
        tensorCount += Width;
        (above, current) = (current, above);
        current.AsSpan(Pad, Width).Clear();
        SumAbove();
        row++;
        Column = 0;
        BeginRow();
    }

    void SumAbove()
    {
        ref short row = ref above[Pad];
        int j = 0;
        for (; j <= Width - Vector256<short>.Count; j += Vector256<short>.Count)
        {
            var middle = Vector256.Abs(Vector256.LoadUnsafe(ref row, (nuint)j));
            var left = Vector256.Abs(Vector256.LoadUnsafe(ref Unsafe.Add(ref row, j - 1)));
            var right = Vector256.Abs(Vector256.LoadUnsafe(ref row, (nuint)j + 1));
            (middle + middle + left + right).StoreUnsafe(ref aboveEnergy[j]);
        }

        for (; j < Width; j++)
            aboveEnergy[j] = (short)(2 * Math.Abs((int)above[Pad + j]) + Math.Abs((int)above[Pad + j - 1])
                + Math.Abs((int)above[Pad + j + 1]));
    }

    void BeginRow()
    {
        RowSum = RowBalance = 0;
        if (tensorCount > 0)
            mean = (int)Math.Clamp((tensorSum << MeanBits) / tensorCount, 4, 1 << 24);
        // Mean of the row times mean of the column over the mean of all, the lowest bin for 1/512.
        rowBase = -Logarithm(row + 4) - Logarithm(mean) + 16 * (9 - MeanBits) + 8;
        RowOdds = rowBase + Logarithm(8L * mean);
    }
}
