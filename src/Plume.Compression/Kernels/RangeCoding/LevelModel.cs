using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>
/// Codes the levels of a run of tensors, one tensor after another and each row by row, with what came before as context:
/// neighbours in the row and in the row above, and how large row and column have been so far. What it learns lives on
/// from tensor to tensor. The encoder may choose each level by rate and distortion, since it knows what each would cost.
/// </summary>
/// <remarks>
/// A level is coded as: not zero? sign; magnitude above 1? above 2? ... above 14?; the rest in an Exp-Golomb code.
/// Source: Wiedemann et al., "DeepCABAC", 2019, arXiv:1907.11900 (binarization, choice by rate and distortion); Sullivan,
/// "Efficient scalar quantization of exponential and Laplacian random variables", IEEE Trans. IT 1996 (the dead zone
/// that such a choice makes). Differs from DeepCABAC in mixing four contexts, in counting, and in the contexts.
/// </remarks>
sealed class LevelModel
{
    /// <summary>Bits after the point of a value that is to be chosen a level for.</summary>
    public const int FractionBits = 8;

    /// <summary>The largest magnitude of a level.</summary>
    public const int Largest = 1 << 22;

    /// <summary>Neighbours reach back twice this far at most.</summary>
    public const int MaxLag = 64;

    /// <summary>A longer row is cut; then "above" means this far before.</summary>
    public const int MaxWidth = 1 << 16;

    // Of the choice: in 256ths of step^2 a bit. A rarer non-zero than this counts as no rarer, or a context in which zero was
    // chosen for its cost would only get costlier.
    const int Lambda = 28;
    const int LeastChosen = 512;
    const int Unary = 15;
    /// <summary>Kinds of tensors.</summary>
    public const int Kinds = 8;

    const int ByKind = 0;
    const int ByPlace = ByKind + Unary * Kinds;
    const int ByNeighbours = ByPlace + Unary * 32;
    const int ByBoth = ByNeighbours + Unary * 32;
    const int Sign = ByBoth + Unary * 256;
    const int Counters = Sign + 1 + 32 + 16 + 128;
    const int SignSet = Unary;
    const int MeanBits = 12;
    const int Pad = 2 * MaxLag;

    static readonly byte[] EnergyBins =
        [.. Enumerable.Range(0, 1024)
            .Select(energy => energy == 0 ? (byte)0 : (byte)((BitOperations.Log2((uint)(energy * energy)) + 3) / 2))];

    static readonly ushort[] ZeroUpTo = MakeZeroUpTo();

    readonly byte[] energyBins = EnergyBins;
    readonly ushort[] zeroUpTo = ZeroUpTo;
    readonly BitMixer mixer = new(Counters, Unary + 1);
    short[] above = [], current = [], aboveEnergy = [];
    int[] columnSums = [], columnOdds = [], distance = [];
    int width, lag, kind, row, column, rowSum, rowBalance, rowOdds, rowBase, mean;
    long tensorSum, tensorCount, coded;

    /// <summary>Forgets everything: a new run begins.</summary>
    public void Clear()
    {
        mixer.Clear();
        for (int bin = 0; bin < Unary; bin++)
        {
            for (int k = 0; k < Kinds; k++)
                mixer.Start(ByKind + bin * Kinds + k, bin == 0 ? 0.05f : 0.3f);
        }

        mixer.Start(Sign, 0.5f);
        coded = 0;
        mean = (1 << MeanBits) / 20;
    }

    /// <summary>A tensor begins.</summary>
    /// <param name="rowLength">Values of a row.</param>
    /// <param name="firstColumn">Where in its row the first value stands.</param>
    /// <param name="rowLag">How far before in its row each value's second neighbour stands, 2 to <see cref="MaxLag"/>.</param>
    /// <param name="tensorKind">0 to 7: tensors that are alike.</param>
    public void Begin(int rowLength, int firstColumn, int rowLag, int tensorKind)
    {
        width = Math.Min(rowLength, MaxWidth);
        lag = rowLag;
        kind = tensorKind;
        if (current.Length < Pad + width + 1)
        {
            current = new short[Pad + width + 1];
            above = new short[Pad + width + 1];
            aboveEnergy = new short[width];
            columnSums = new int[width];
            columnOdds = new int[width];
            distance = new int[width];
            for (int j = 0; j < width; j++)
                distance[j] = Logarithm(j + 8);
        }

        // Not what a longer row before needed: tensors may be many and short.
        current.AsSpan(0, Pad + width + 1).Clear();
        above.AsSpan(0, Pad + width + 1).Clear();
        aboveEnergy.AsSpan(0, width).Clear();
        columnSums.AsSpan(0, width).Clear();
        int start = Logarithm(4L * mean);
        for (int j = 0; j < width; j++)
            columnOdds[j] = start - distance[j];
        row = 0;
        column = firstColumn % width;
        tensorSum = 0;
        tensorCount = 0;
        BeginRow();
    }

    /// <summary>Codes the tensor's next levels.</summary>
    /// <param name="coder">One end of the wire.</param>
    /// <param name="levels">Read or, in a decoder, written. Where the encoder chooses: values in, levels out.</param>
    /// <param name="chooses">Whether the encoder chooses.</param>
    public void Code<TCoder>(ref TCoder coder, Span<int> levels, bool chooses)
        where TCoder : struct, ILevelCoder, allows ref struct
    {
        for (int done = 0; done < levels.Length;)
        {
            int length = Math.Min(levels.Length - done, width - column);
            CodeRow(ref coder, levels.Slice(done, length), chooses);
            done += length;
            if (column == width)
                EndRow();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void CodeRow<TCoder>(ref TCoder coder, Span<int> levels, bool chooses) where TCoder : struct, ILevelCoder, allows ref struct
    {
        ref short here = ref current[Pad + column];
        ref short up = ref above[Pad + column];
        ref short upEnergy = ref aboveEnergy[column];
        ref int columnOdd = ref columnOdds[column];
        ref ushort zeroTable = ref MemoryMarshal.GetArrayDataReference(zeroUpTo);
        int lag = this.lag, rowOdds = this.rowOdds, one = Unsafe.Add(ref here, -1), two = Unsafe.Add(ref here, -2);
        for (int i = 0; i < levels.Length; i++)
        {
            int lagged = Unsafe.Add(ref here, i - lag), twice = Unsafe.Add(ref here, i - 2 * lag),
                energy = Unsafe.Add(ref upEnergy, i);
            int place = Math.Clamp((rowOdds + Unsafe.Add(ref columnOdd, i)) >> 3, 0, 27), neighbours = 0,
                both = (place >> 1) * 16;
            if ((one | two | lagged | twice | energy) != 0)
            {
                int nearOne = Math.Abs(one), nearLag = Math.Abs(lagged);
                energy += 4 * (nearOne + nearLag) + 2 * (Math.Abs(two) + Math.Abs(twice));
                neighbours = Math.Min(nearOne, 2) * 9 + Math.Min(nearLag, 2) * 3
                    + Math.Min(Math.Abs((int)Unsafe.Add(ref up, i)), 2);
                both += energyBins[Math.Min(energy, 1023)];
            }

            int level = 0;
            mixer.Predict(out var notZero, 0, ByKind + kind, ByPlace + place, ByNeighbours + neighbours, ByBoth + both);
            if (TCoder.Encodes)
            {
                level = levels[i];
                if (chooses)
                    level = Math.Abs(level) <= Unsafe.Add(ref zeroTable, notZero.Probability >> LogisticTables.CostShift) ? 0
                        : Choose(level, notZero.Probability,
                            new Context(place, neighbours, both, one, lagged, twice, Unsafe.Add(ref up, i)));
            }

            int bit = coder.Code(level != 0 ? 1 : 0, notZero.Probability);
            mixer.Learn(notZero, bit);
            if (bit != 0)
            {
                level = CodeNonZero(ref coder, level,
                    new Context(place, neighbours, both, one, lagged, twice, Unsafe.Add(ref up, i)));
                Note(level, column + i);
                rowOdds = this.rowOdds;
                Unsafe.Add(ref here, i) = (short)Math.Clamp(level, -255, 255);
            }

            two = one;
            one = Math.Clamp(level, -255, 255);

            if (!TCoder.Encodes || chooses)
                levels[i] = level;
        }

        column += levels.Length;
    }

    readonly record struct Context(int Place, int Neighbours, int Both, int One, int Lagged, int Twice, int Over);

    void PredictSign(out BitPrediction prediction, in Context context)
    {
        int signs = (Math.Sign(context.One) + 1) * 9 + (Math.Sign(context.Lagged) + 1) * 3 + Math.Sign(context.Over) + 1;
        long ratio = 16L * rowBalance * rowBalance;
        int tilt = 0;
        while (tilt < 7 && ratio >= (long)(2 * tilt + 1) * (2 * tilt + 1) * (rowSum + 1))
            tilt++;
        tilt = rowBalance < 0 ? 7 - tilt : 7 + tilt;
        int pull = Math.Clamp(context.One + context.Lagged + context.Twice, -3, 3) + 3;
        mixer.Predict(out prediction, SignSet, Sign, Sign + 1 + signs, Sign + 33 + tilt, Sign + 49 + pull * 16 + tilt);
    }

    void PredictAbove(out BitPrediction prediction, int bin, in Context context) => mixer.Predict(
        out prediction, bin, ByKind + bin * Kinds + kind, ByPlace + bin * 32 + context.Place,
        ByNeighbours + bin * 32 + context.Neighbours, ByBoth + bin * 256 + context.Both);

    [MethodImpl(MethodImplOptions.NoInlining)]
    int CodeNonZero<TCoder>(ref TCoder coder, int level, in Context context) where TCoder : struct, ILevelCoder, allows ref struct
    {
        PredictSign(out var sign, context);
        int positive = coder.Code(level > 0 ? 1 : 0, sign.Probability);
        mixer.Learn(sign, positive);
        int magnitude = Math.Abs(level), coded = 1;
        for (; coded < Unary; coded++)
        {
            PredictAbove(out var above, coded, context);
            int more = coder.Code(magnitude > coded ? 1 : 0, above.Probability);
            mixer.Learn(above, more);
            if (more == 0)
                return positive != 0 ? coded : -coded;
        }

        coded += CodeRest(ref coder, magnitude - Unary);
        return positive != 0 ? coded : -coded;
    }

    // Exp-Golomb: the bit length of rest + 1 in unary, then its bits below the highest.
    static int CodeRest<TCoder>(ref TCoder coder, int rest) where TCoder : struct, ILevelCoder, allows ref struct
    {
        const int even = 32768;
        int length = BitOperations.Log2((uint)rest + 1), coded = 0;
        while (coded < 22 && coder.Code(length > coded ? 1 : 0, even) != 0)
            coded++;
        int value = 1;
        for (int bit = coded - 1; bit >= 0; bit--)
            value = 2 * value + coder.Code(((rest + 1) >> bit) & 1, even);
        return Math.Min(value - 1, Largest - Unary);
    }

    // Up to which magnitude zero is best, whatever sign and the bits after it would cost; by the probability of another level.
    static ushort[] MakeZeroUpTo()
    {
        const int one = 1 << FractionBits;
        var table = new ushort[65536 >> LogisticTables.CostShift];
        for (int index = 0; index < table.Length; index++)
        {
            int probability = Math.Max(index << LogisticTables.CostShift, LeastChosen);
            int dearer = Lambda * (CostOf(probability) - CostOf(65536 - probability));
            table[index] = (ushort)Math.Clamp((one * one + dearer) / (2 * one), one / 2 - 1, 3 * one / 2 - 1);
        }

        return table;
    }

    // Squared errors are in 2^-16 step^2, costs in 2^-8 bit.
    [MethodImpl(MethodImplOptions.NoInlining)]
    int Choose(int value, int probability, in Context context)
    {
        probability = Math.Max(probability, LeastChosen);
        int magnitude = Math.Min(Math.Abs(value), Largest << FractionBits), nearest = (magnitude + 128) >> FractionBits;
        long zero = (long)magnitude * magnitude + Lambda * CostOf(65536 - probability);
        PredictSign(out var sign, context);
        long best = long.MaxValue;
        int chosen = 0, cost = CostOf(probability) + CostOf(value > 0 ? sign.Probability : 65536 - sign.Probability);
        int lower = Math.Max(1, nearest - 1);
        for (int bin = 1; bin <= Math.Min(nearest, Unary - 1); bin++)
        {
            PredictAbove(out var above, bin, context);
            int more = above.Probability;
            if (bin >= lower)
            {
                long error = magnitude - (bin << FractionBits);
                long total = error * error + Lambda * (cost + CostOf(65536 - more));
                if (total < best)
                    (best, chosen) = (total, bin);
            }

            cost += CostOf(more);
        }

        if (nearest >= Unary)
            return value > 0 ? nearest : -nearest;
        if (zero <= best)
            return 0;
        return value > 0 ? chosen : -chosen;
    }

    static int CostOf(int probability) => LogisticTables.Cost[probability >> LogisticTables.CostShift];

    [MethodImpl(MethodImplOptions.NoInlining)]
    void Note(int level, int place)
    {
        int magnitude = Math.Min(Math.Abs(level), 1 << 12);
        rowSum = Math.Min(rowSum + magnitude, 1 << 28);
        rowBalance = Math.Clamp(rowBalance + Math.Clamp(level, -(1 << 12), 1 << 12), -(1 << 28), 1 << 28);
        columnSums[place] = Math.Min(columnSums[place] + magnitude, 1 << 28);
        columnOdds[place] = Logarithm(((long)columnSums[place] << MeanBits) + 4L * mean) - distance[place];
        rowOdds = rowBase + Logarithm(((long)rowSum << MeanBits) + 8L * mean);
    }

    void EndRow()
    {
        tensorSum += rowSum;
        tensorCount += width;
        coded += width;
        mixer.Settle(coded);
        (above, current) = (current, above);
        current.AsSpan(Pad, width).Clear();
        SumAbove();
        row++;
        column = 0;
        BeginRow();
    }

    // For each place twice the magnitude above it, and those to its left and right.
    void SumAbove()
    {
        ref short row = ref above[Pad];
        int j = 0;
        for (; j <= width - Vector256<short>.Count; j += Vector256<short>.Count)
        {
            var middle = Vector256.Abs(Vector256.LoadUnsafe(ref row, (nuint)j));
            var left = Vector256.Abs(Vector256.LoadUnsafe(ref Unsafe.Add(ref row, j - 1)));
            var right = Vector256.Abs(Vector256.LoadUnsafe(ref row, (nuint)j + 1));
            (middle + middle + left + right).StoreUnsafe(ref aboveEnergy[j]);
        }

        for (; j < width; j++)
            aboveEnergy[j] = (short)(2 * Math.Abs((int)above[Pad + j]) + Math.Abs((int)above[Pad + j - 1])
                + Math.Abs((int)above[Pad + j + 1]));
    }

    void BeginRow()
    {
        rowSum = rowBalance = 0;
        if (tensorCount > 0)
            mean = (int)Math.Clamp((tensorSum << MeanBits) / tensorCount, 4, 1 << 24);
        // Mean of the row times mean of the column over the mean of all, the lowest bin for 1/512.
        rowBase = -Logarithm(row + 4) - Logarithm(mean) + 16 * (9 - MeanBits) + 8;
        rowOdds = rowBase + Logarithm(8L * mean);
    }

    // The binary logarithm in 16ths, linear between powers of two.
    static int Logarithm(long value)
    {
        int zeros = BitOperations.LeadingZeroCount((ulong)value);
        return ((63 - zeros) << 4) | (int)(((ulong)value << zeros) >> 59 & 15);
    }
}
