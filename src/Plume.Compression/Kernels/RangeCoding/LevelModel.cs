using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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

    /// <summary>Magnitudes below this one are coded bit by bit, each predicted.</summary>
    public const int Unary = 15;

    /// <summary>Kinds of tensors.</summary>
    public const int Kinds = 8;

    const int ByKind = 0;
    const int ByPlace = ByKind + Unary * Kinds;
    const int ByNeighbours = ByPlace + Unary * 32;
    const int ByBoth = ByNeighbours + Unary * 32;
    const int Sign = ByBoth + Unary * 256;
    const int Counters = Sign + 1 + 32 + 16 + 128;
    const int SignSet = Unary;

    /// <summary>Classes of how large the neighbours are together, 0 to 15; by four times their magnitudes, weighted.</summary>
    public static readonly byte[] EnergyBins =
        [.. Enumerable.Range(0, 1024)
            .Select(energy => energy == 0 ? (byte)0 : (byte)((BitOperations.Log2((uint)(energy * energy)) + 3) / 2))];

    readonly byte[] energyBins = EnergyBins;
    readonly ushort[] zeroUpTo = LevelChoice.ZeroUpTo;
    readonly BitMixer mixer = new(Counters, Unary + 1);
    readonly LevelRows rows = new();
    int kind;
    long coded;

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
        rows.Clear();
    }

    /// <summary>A tensor begins.</summary>
    /// <param name="rowLength">Values of a row.</param>
    /// <param name="firstColumn">Where in its row the first value stands.</param>
    /// <param name="rowLag">How far before in its row each value's second neighbour stands, 2 to <see cref="MaxLag"/>.</param>
    /// <param name="tensorKind">0 to 7: tensors that are alike.</param>
    public void Begin(int rowLength, int firstColumn, int rowLag, int tensorKind)
    {
        kind = tensorKind;
        rows.Begin(rowLength, firstColumn, rowLag);
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
            int length = Math.Min(levels.Length - done, rows.Width - rows.Column);
            CodeRow(ref coder, levels.Slice(done, length), chooses);
            done += length;
            if (!rows.Advance(length))
                continue;
            coded += rows.Width;
            mixer.Settle(coded);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void CodeRow<TCoder>(ref TCoder coder, Span<int> levels, bool chooses) where TCoder : struct, ILevelCoder, allows ref struct
    {
        ref short here = ref rows.Here;
        ref short up = ref rows.Up;
        ref short upEnergy = ref rows.UpEnergy;
        ref int columnOdd = ref rows.ColumnOdds;
        ref ushort zeroTable = ref MemoryMarshal.GetArrayDataReference(zeroUpTo);
        int lag = rows.Lag, rowOdds = rows.RowOdds, one = Unsafe.Add(ref here, -1), two = Unsafe.Add(ref here, -2);
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
                rows.Note(level, i);
                rowOdds = rows.RowOdds;
            }

            two = one;
            one = Math.Clamp(level, -LevelRows.Nearest, LevelRows.Nearest);

            if (!TCoder.Encodes || chooses)
                levels[i] = level;
        }
    }

    readonly record struct Context(int Place, int Neighbours, int Both, int One, int Lagged, int Twice, int Over);

    void PredictSign(out BitPrediction prediction, in Context context)
    {
        int signs = (Math.Sign(context.One) + 1) * 9 + (Math.Sign(context.Lagged) + 1) * 3 + Math.Sign(context.Over) + 1;
        long ratio = 16L * rows.RowBalance * rows.RowBalance;
        int tilt = 0;
        while (tilt < 7 && ratio >= (long)(2 * tilt + 1) * (2 * tilt + 1) * (rows.RowSum + 1))
            tilt++;
        tilt = rows.RowBalance < 0 ? 7 - tilt : 7 + tilt;
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

    /// <summary>What the rest of a magnitude costs, in 256ths of a bit.</summary>
    public static int CostOfRest(int rest) => (2 * BitOperations.Log2((uint)rest + 1) + 1) << FractionBits;

    /// <summary>Exp-Golomb: the bit length of rest + 1 in unary, then its bits below the highest.</summary>
    public static int CodeRest<TCoder>(ref TCoder coder, int rest) where TCoder : struct, ILevelCoder, allows ref struct
    {
        int length = BitOperations.Log2((uint)rest + 1), coded = 0;
        while (coded < 22 && coder.Code(length > coded ? 1 : 0, ILevelCoder.Even) != 0)
            coded++;
        int value = 1 << coded | (int)ILevelCoder.CodeNumber(ref coder, (uint)rest + 1, coded);
        return Math.Min(value - 1, Largest - Unary);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    int Choose(int value, int probability, in Context context)
    {
        PredictSign(out var sign, context);
        return LevelChoice.Of(value, probability, LevelChoice.CostOfSign(value, sign.Probability),
            new Magnitudes(this, in context));
    }

    readonly ref struct Magnitudes(LevelModel model, ref readonly Context context) : IMagnitudeModel
    {
        readonly ref readonly Context context = ref context;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int Above(int magnitude)
        {
            model.PredictAbove(out var above, magnitude, context);
            return above.Probability;
        }
    }
}
