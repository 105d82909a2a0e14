using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>
/// Codes the levels of a long run of tensors as <see cref="LevelModel"/> does, in the same contexts, but predicts each bit by
/// logistic regression: its log odds are the sum of one number for each context, and all of them move by the error. Less work a
/// bit than mixing, and fewer bits where a run is long enough for it to settle; whole numbers only.
/// </summary>
/// <remarks>
/// A counter is 32 bits: the upper 22 are log odds in 2^-17, the lower 10 how often it was asked, n, up to 1023. With e what came
/// less its probability p, it moves by 8 / (60 + n) times e / (p (1 - p) + 0.1), a Newton step that is held back where bits are
/// sure. At first those of a place say what a geometric law of its size would.
/// Source: McMahan et al., "Ad click prediction: a view from the trenches", KDD 2013 (rates by counter); Mahoney, Florida Tech. TR
/// CS-2005-16 (prediction of bits by log odds); binarization and choice as in <see cref="LevelModel"/>.
/// </remarks>
sealed class LogisticModel
{
    // Values after which a search through the trellis begins anew, with what the model has learned by then.
    const int Stride = TrellisSearch.Most / 2;

    // What a magnitude is rounded by, in 256ths of a step, before it is chosen.
    const int Rounding = 92;

    // Of one bit of a level: by place, by neighbours, by both. Neighbours twice, for what a trellis makes of a level.
    const int ByNeighbours = 32;
    const int Neighbourhoods = 27;
    const int ByBoth = 96;
    const int BitCounters = ByBoth + 256;
    const int Sign = LevelModel.Unary * BitCounters;
    const int ByTilt = 32;
    const int Counters = Sign + ByTilt + 16;

    readonly int[] counters = new int[Counters];
    readonly byte[] energyBins = LevelModel.EnergyBins;
    readonly ushort[] zeroUpTo = LevelChoice.ZeroUpTo, probabilities = RegressionTables.Probability;
    readonly int[] steps = RegressionTables.Step, rates = RegressionTables.Rate;
    readonly LevelRows rows = new();
    TrellisSearch? search;
    bool hasTrellis;
    int state;

    /// <summary>Forgets everything: a new run begins.</summary>
    public void Clear()
    {
        counters.AsSpan().Clear();
        for (int bit = 0; bit < LevelModel.Unary; bit++)
        {
            for (int place = 0; place < ByNeighbours; place++)
                counters[bit * BitCounters + place] = RegressionTables.FirstOf(place);
        }

        rows.Clear();
    }

    /// <summary>A tensor begins.</summary>
    /// <param name="rowLength">Values of a row.</param>
    /// <param name="firstColumn">Where in its row the first value stands.</param>
    /// <param name="rowLag">How far before in its row each value's second neighbour stands.</param>
    public void Begin(int rowLength, int firstColumn, int rowLag) => rows.Begin(rowLength, firstColumn, rowLag);

    /// <summary>Codes the tensor's next levels.</summary>
    /// <param name="coder">One end of the wire.</param>
    /// <param name="levels">Read or, in a decoder, written. Where the encoder chooses: values in, levels out.</param>
    /// <param name="chooses">Whether the encoder chooses.</param>
    /// <param name="throughTrellis">Whether a trellis tells what levels stand for; it begins anew.</param>
    public void Code<TCoder>(ref TCoder coder, Span<int> levels, bool chooses, bool throughTrellis = false)
        where TCoder : struct, ILevelCoder, allows ref struct
    {
        (hasTrellis, state) = (throughTrellis, 0);
        for (int done = 0; done < levels.Length;)
        {
            int length = Math.Min(levels.Length - done, rows.Width - rows.Column);
            CodeRow(ref coder, levels.Slice(done, length), chooses);
            done += length;
            rows.Advance(length);
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
        int lag = rows.Lag, rowOdds = rows.RowOdds, one = Math.Abs((int)Unsafe.Add(ref here, -1)),
            two = Math.Abs((int)Unsafe.Add(ref here, -2));
        for (int i = 0; i < levels.Length; i++)
        {
            int lagged = Math.Abs((int)Unsafe.Add(ref here, i - lag)), twice = Math.Abs((int)Unsafe.Add(ref here, i - 2 * lag)),
                energy = Unsafe.Add(ref upEnergy, i) + 4 * (one + lagged) + 2 * (two + twice);
            var context = ContextOf(rowOdds + Unsafe.Add(ref columnOdd, i), one, lagged, Unsafe.Add(ref up, i), energy,
                state & 1);
            var notZero = Predict(0, context);
            int level = 0;
            if (TCoder.Encodes)
            {
                level = levels[i];
                if (chooses)
                    level = Math.Abs(level) <= Unsafe.Add(ref zeroTable, notZero.Probability >> LogisticTables.CostShift) ? 0
                        : Choose(level, notZero.Probability, context, i);
            }

            int bit = coder.Code(level != 0 ? 1 : 0, notZero.Probability);
            two = one;
            one = 0;
            Learn(notZero, bit);
            if (bit != 0)
            {
                level = CodeNonZero(ref coder, level, context, i);
                rowOdds = rows.RowOdds;
                one = Math.Min(Math.Abs(level), LevelRows.Nearest);
            }

            if (!TCoder.Encodes || chooses)
                levels[i] = level;
            if (hasTrellis)
                state = Trellis.After(state, level);
        }
    }

    /// <summary>Where the counters of a value's first bit are.</summary>
    readonly record struct Context(int Place, int Neighbours, int Both);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Context ContextOf(int odds, int one, int lagged, int over, int energy, int odd)
    {
        int place = Math.Clamp(odds >> 3, 0, 27);
        return new Context(place,
            ByNeighbours + odd * Neighbourhoods + Math.Min(one, 2) * 9 + Math.Min(lagged, 2) * 3 + Math.Min(Math.Abs(over), 2),
            ByBoth + (place >> 1) * 16 + Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(energyBins), Math.Min(energy, 1023)));
    }

    /// <summary>Chooses levels through a trellis, which begins anew, and codes them.</summary>
    /// <param name="coder">The encoding end.</param>
    /// <param name="levels">Values in, levels out.</param>
    public void CodeByTrellis<TCoder>(ref TCoder coder, Span<int> levels) where TCoder : struct, ILevelCoder, allows ref struct
    {
        search ??= new TrellisSearch();
        (hasTrellis, state) = (true, 0);
        for (int done = 0; done < levels.Length;)
        {
            int left = Math.Min(levels.Length - done, rows.Width - rows.Column), length = Math.Min(Stride, left);
            search.Begin(state);
            LookAt(levels.Slice(done, Math.Min(TrellisSearch.Most, left)));
            var chosen = levels.Slice(done, length);
            search.Take(chosen);
            CodeRow(ref coder, chosen, chooses: false);
            rows.Advance(length);
            done += length;
        }
    }

    // Costs are those at this moment, beside the nearest levels: which ones will be chosen is not known yet.
    void LookAt(ReadOnlySpan<int> values)
    {
        Span<int> costs = stackalloc int[2 * TrellisSearch.Levels];
        for (int i = 0; i < values.Length; i++)
            Unsafe.Add(ref rows.Here, i) = (short)(Math.Sign(values[i])
                * Math.Min((Math.Abs(values[i]) + Rounding) >> LevelModel.FractionBits, LevelRows.Nearest));
        for (int i = 0; i < values.Length; i++)
        {
            int magnitude = Math.Abs(values[i]) >> LevelModel.FractionBits;
            for (int odd = 0; odd < 2; odd++)
                Price(magnitude, ContextAt(i, odd), costs.Slice(odd * TrellisSearch.Levels, TrellisSearch.Levels));
            search!.Add(values[i], costs);
        }

        for (int i = 0; i < values.Length; i++)
            Unsafe.Add(ref rows.Here, i) = 0;
    }

    // Of zero, of a magnitude and of those above it. A sign is taken for one bit.
    void Price(int magnitude, in Context context, Span<int> costs)
    {
        int notZero = Predict(0, context).Probability, cost = LevelChoice.CostOf(notZero) + (1 << LevelModel.FractionBits);
        costs[0] = LevelChoice.CostOf(65536 - notZero);
        for (int level = 1; level < Math.Min(magnitude, LevelModel.Unary); level++)
            cost += LevelChoice.CostOf(Predict(level, context).Probability);
        for (int level = Math.Max(1, magnitude); level < magnitude + TrellisSearch.Magnitudes; level++)
        {
            if (level >= LevelModel.Unary)
            {
                costs[level - magnitude + 1] = cost + LevelModel.CostOfRest(level - LevelModel.Unary);
                continue;
            }

            int more = Predict(level, context).Probability;
            costs[level - magnitude + 1] = cost + LevelChoice.CostOf(65536 - more);
            cost += LevelChoice.CostOf(more);
        }
    }

    Context ContextAt(int offset, int odd)
    {
        ref short here = ref Unsafe.Add(ref rows.Here, offset);
        int one = Math.Abs((int)Unsafe.Add(ref here, -1)), lagged = Math.Abs((int)Unsafe.Add(ref here, -rows.Lag)),
            further = Math.Abs((int)Unsafe.Add(ref here, -2)) + Math.Abs((int)Unsafe.Add(ref here, -2 * rows.Lag));
        return ContextOf(rows.RowOdds + Unsafe.Add(ref rows.ColumnOdds, offset), one, lagged, Unsafe.Add(ref rows.Up, offset),
            Unsafe.Add(ref rows.UpEnergy, offset) + 4 * (one + lagged) + 2 * further, odd);
    }

    /// <summary>
    /// Where the counters of a bit are, what they were, and what they say: the log odds as an index of
    /// <see cref="RegressionTables"/>, and that the bit is 1, in 65536ths.
    /// </summary>
    readonly record struct Prediction(int First, int Second, int Third, int WasFirst, int WasSecond, int WasThird, int Index,
        int Probability);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Prediction Predict(int bit, in Context context) => Predict(bit * BitCounters + context.Place,
        bit * BitCounters + context.Neighbours, bit * BitCounters + context.Both);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Prediction Predict(int first, int second, int third)
    {
        ref int counter = ref MemoryMarshal.GetArrayDataReference(counters);
        int a = Unsafe.Add(ref counter, first), b = Unsafe.Add(ref counter, second), c = Unsafe.Add(ref counter, third);
        int index = RegressionTables.IndexOf((long)a + b + c);
        return new Prediction(first, second, third, a, b, c, index,
            Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(probabilities), index));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Learn(in Prediction prediction, int bit)
    {
        ref int counter = ref MemoryMarshal.GetArrayDataReference(counters);
        ref int step = ref MemoryMarshal.GetArrayDataReference(steps);
        ref int rate = ref MemoryMarshal.GetArrayDataReference(rates);
        int error = bit != 0 ? Unsafe.Add(ref step, prediction.Index)
            : -Unsafe.Add(ref step, RegressionTables.Last - prediction.Index);
        Unsafe.Add(ref counter, prediction.First) = RegressionTables.Moved(prediction.WasFirst, error, ref rate);
        Unsafe.Add(ref counter, prediction.Second) = RegressionTables.Moved(prediction.WasSecond, error, ref rate);
        Unsafe.Add(ref counter, prediction.Third) = RegressionTables.Moved(prediction.WasThird, error, ref rate);
    }

    // By the signs of the neighbours, and by how far the row leans to one side for its size.
    Prediction PredictSign(int offset)
    {
        ref short here = ref rows.Here;
        int signs = Sign + (Math.Sign(Unsafe.Add(ref here, offset - 1)) + 1) * 9
            + (Math.Sign(Unsafe.Add(ref here, offset - rows.Lag)) + 1) * 3 + Math.Sign(Unsafe.Add(ref rows.Up, offset)) + 1;
        int balance = Math.Abs(rows.RowBalance), tilt = balance == 0 ? 0
            : Math.Clamp((2 * LevelRows.Logarithm(balance) - LevelRows.Logarithm(rows.RowSum + 1L) + 32) >> 4, 0, 7);
        return Predict(signs, Sign + ByTilt + 7 + (rows.RowBalance < 0 ? -tilt : tilt), Counters - 1);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    int CodeNonZero<TCoder>(ref TCoder coder, int level, in Context context, int offset)
        where TCoder : struct, ILevelCoder, allows ref struct
    {
        var sign = PredictSign(offset);
        int positive = coder.Code(level > 0 ? 1 : 0, sign.Probability);
        Learn(sign, positive);
        int magnitude = Math.Abs(level), coded = 1, more = 1;
        while (coded < LevelModel.Unary)
        {
            var above = Predict(coded, context);
            more = coder.Code(magnitude > coded ? 1 : 0, above.Probability);
            Learn(above, more);
            if (more == 0)
                break;
            coded++;
        }

        if (more != 0)
            coded += LevelModel.CodeRest(ref coder, magnitude - LevelModel.Unary);
        level = positive != 0 ? coded : -coded;
        rows.Note(level, offset);
        return level;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    int Choose(int value, int probability, in Context context, int offset) => LevelChoice.Of(value, probability,
        LevelChoice.CostOfSign(value, PredictSign(offset).Probability), new Magnitudes(this, context));

    readonly struct Magnitudes(LogisticModel model, Context context) : IMagnitudeModel
    {
        public int Above(int magnitude) => model.Predict(magnitude, context).Probability;
    }
}
