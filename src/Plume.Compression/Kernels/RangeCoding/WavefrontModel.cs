using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>
/// Codes the levels of a long run of tensors as <see cref="LogisticModel"/> does, sixteen rows side by side
/// (<see cref="WavefrontRows"/>): the lanes' bits are predicted together before any of them is coded, and learned together after,
/// so that no prediction waits for the bit before it. Lanes share all counters but one, which follows the row.
/// </summary>
/// <remarks>
/// Counters are those of <see cref="LogisticModel"/>; each moves by the sum of what the lanes that asked it would move it by. Two
/// range codes take turns, one of lanes 0 to 7 and one of lanes 8 to 15: a range code's steps depend on each other. The same
/// on every machine: whole numbers, and single float operations.
/// Source: see <see cref="LogisticModel"/> and <see cref="WavefrontRows"/>; learning by what was predicted some steps ago:
/// Langford, Smola and Zinkevich, "Slow learners are fast", NIPS 2009, arXiv:0911.0491.
/// </remarks>
sealed unsafe class WavefrontModel
{
    const int Lanes = WavefrontRows.Lanes;
    const uint FirstHalf = 0xFF, SecondHalf = 0xFF00;
    const int BitCounters = WavefrontRows.ByBoth + 256;
    const int Sign = LevelModel.Unary * BitCounters;
    const int Counters = Sign + 2 * WavefrontRows.ByNeighbours;

    // A lane's own counter is never young.
    const float OwnRate = 1f / (RegressionTables.Slowest + RegressionTables.MostAsked);

    readonly int[] counters = new int[Counters];
    readonly int[] own = new int[Lanes], were = new int[3 * Lanes], entries = new int[Lanes], moved = new int[3 * Lanes],
        moves = new int[3 * Lanes];
    readonly int[] probabilities = new int[Lanes], values = new int[Lanes];
    readonly int[] table = RegressionTables.Entries, rates = RegressionTables.Rate;
    readonly ushort[] zeroUpTo = LevelChoice.ZeroUpTo;
    readonly WavefrontRows rows = new();

    /// <summary>Forgets everything: a new run begins.</summary>
    public void Clear()
    {
        counters.AsSpan().Clear();
        for (int bit = 0; bit < LevelModel.Unary; bit++)
        {
            for (int place = 0; place < WavefrontRows.ByNeighbours; place++)
                counters[bit * BitCounters + place] = RegressionTables.FirstOf(place);
        }

        rows.Clear();
    }

    /// <summary>Codes a tensor's levels.</summary>
    /// <param name="first">One end of the wire of lanes 0 to 7.</param>
    /// <param name="second">The same of lanes 8 to 15.</param>
    /// <param name="levels">Read or, in a decoder, written. Where the encoder chooses: values in, levels out.</param>
    /// <param name="width">What <see cref="WavefrontRows.WidthOf"/> says of the length of its rows.</param>
    /// <param name="firstColumn">Where in its row the first value stands.</param>
    /// <param name="lag">How far before in its row each value's second neighbour stands.</param>
    /// <param name="chooses">Whether the encoder chooses.</param>
    public void Code<TCoder>(ref TCoder first, ref TCoder second, Span<int> levels, int width, int firstColumn, int lag,
        bool chooses) where TCoder : struct, ILevelCoder, allows ref struct
    {
        if (!TCoder.Encodes)
            levels.Clear();
        rows.Begin(width, firstColumn, lag, levels.Length);
        own.AsSpan().Clear();
        while (rows.Advance())
        {
            if (rows.Fresh != 0)
                own[BitOperations.TrailingZeroCount(rows.Fresh)] = 0;
            PredictAll();
            Learn();
            uint bits = TCoder.Encodes ? Take(levels, chooses) : 0;
            bits = CodeLanes(ref first, ref second, rows.Active, bits);
            Compare(bits, rows.Active);
            rows.Leave(bits == 0 ? Vector256<short>.Zero : CodeNonZeros(ref first, ref second, levels, bits));
        }

        Learn();
        moves.AsSpan().Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    uint CodeLanes<TCoder>(ref TCoder first, ref TCoder second, uint lanes, uint bits)
        where TCoder : struct, ILevelCoder, allows ref struct
    {
        ref int probability = ref MemoryMarshal.GetArrayDataReference(probabilities);
        return first.CodeEach(lanes & FirstHalf, bits, ref probability)
            | second.CodeEach(lanes & SecondHalf, bits, ref probability);
    }

    // Which of the lanes' levels are not zero.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    uint Take(Span<int> levels, bool chooses)
    {
        ref int level = ref MemoryMarshal.GetReference(levels);
        ref int value = ref MemoryMarshal.GetArrayDataReference(values);
        ref int probability = ref MemoryMarshal.GetArrayDataReference(probabilities);
        ref ushort zero = ref MemoryMarshal.GetArrayDataReference(zeroUpTo);
        uint some = 0;
        for (uint left = rows.Active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            ref int here = ref Unsafe.Add(ref level, rows.IndexOf(lane));
            int found = here, most = 0;
            Unsafe.Add(ref value, lane) = found;
            if (chooses)
            {
                most = Unsafe.Add(ref zero, Unsafe.Add(ref probability, lane) >> LogisticTables.CostShift);
                here = 0;
            }

            some |= (uint)(most - Math.Abs(found)) >> 31 << lane;
        }

        return chooses ? Choose(levels, some) : some;
    }

    // Of those that may be worth more than zero. A sign is taken for one bit.
    uint Choose(Span<int> levels, uint candidates)
    {
        uint some = 0;
        for (uint left = candidates; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left), level = LevelChoice.Of(values[lane], probabilities[lane],
                1 << LevelModel.FractionBits, new Magnitudes(this, lane));
            values[lane] = level;
            levels[rows.IndexOf(lane)] = level;
            some |= (level != 0 ? 1u : 0) << lane;
        }

        return some;
    }

    readonly struct Magnitudes(WavefrontModel model, int lane) : IMagnitudeModel
    {
        public int Above(int magnitude) => model.Predict(magnitude * BitCounters, lane) >>> 16;
    }

    int Predict(int offset, int lane)
    {
        var at = rows.Contexts;
        return table[RegressionTables.IndexOf((long)counters[offset + at[lane]] + counters[offset + at[Lanes + lane]]
            + counters[offset + at[2 * Lanes + lane]])];
    }

    Vector256<short> CodeNonZeros<TCoder>(ref TCoder first, ref TCoder second, Span<int> levels, uint lanes)
        where TCoder : struct, ILevelCoder, allows ref struct
    {
        rows.FindSigns();
        uint positive = 0, more = lanes;
        if (TCoder.Encodes)
        {
            for (uint left = lanes; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                positive |= (values[lane] > 0 ? 1u : 0) << lane;
            }
        }

        positive = CodeSome(ref first, ref second, lanes, positive, rows.Signs, Sign);
        var magnitudes = Vector256<short>.Zero;
        for (int coded = 1; more != 0; coded++)
        {
            magnitudes -= Mask16(more);
            uint above = coded == LevelModel.Unary ? 0 : CodeSome(ref first, ref second, more,
                TCoder.Encodes ? Above(more, coded) : 0, rows.Contexts, coded * BitCounters);
            for (uint left = more & ~above; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left), magnitude = coded;
                if (coded == LevelModel.Unary)
                {
                    int rest = Math.Abs(values[lane]) - LevelModel.Unary;
                    magnitude += lane < Lanes / 2 ? LevelModel.CodeRest(ref first, rest) : LevelModel.CodeRest(ref second, rest);
                    magnitudes = magnitudes.WithElement(lane, (short)Math.Min(magnitude, LevelRows.Nearest));
                }

                if (!TCoder.Encodes)
                    levels[rows.IndexOf(lane)] = (positive >> lane & 1) != 0 ? magnitude : -magnitude;
                rows.Note(lane, magnitude);
            }

            more = above;
        }

        var less = ~Mask16(positive);
        return (magnitudes ^ less) - less;
    }

    uint Above(uint lanes, int magnitude)
    {
        uint above = 0;
        for (uint left = lanes; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            above |= (Math.Abs(values[lane]) > magnitude ? 1u : 0) << lane;
        }

        return above;
    }

    // One bit of some lanes.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    uint CodeSome<TCoder>(ref TCoder first, ref TCoder second, uint lanes, uint bits, int[] contexts, int offset)
        where TCoder : struct, ILevelCoder, allows ref struct
    {
        fixed (int* counter = &counters[offset], at = contexts, was = were, entry = entries, probability = probabilities,
            all = table, rate = rates)
        {
            for (uint left = lanes; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left), a = counter[at[lane]], b = counter[at[Lanes + lane]],
                    c = counter[at[2 * Lanes + lane]];
                (was[lane], was[Lanes + lane], was[2 * Lanes + lane]) = (a, b, c);
                int found = all[RegressionTables.IndexOf((long)a + b + c)];
                entry[lane] = found;
                probability[lane] = found >>> 16;
            }

            bits = CodeLanes(ref first, ref second, lanes, bits);
            for (uint left = lanes; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                int error = RegressionTables.ErrorOf(entry[lane], (int)(bits >> lane & 1));
                counter[at[lane]] += RegressionTables.MoveOf(was[lane], error, rate);
                counter[at[Lanes + lane]] += RegressionTables.MoveOf(was[Lanes + lane], error, rate);
                counter[at[2 * Lanes + lane]] += RegressionTables.MoveOf(was[2 * Lanes + lane], error, rate);
            }

            return bits;
        }
    }

    // The first bit of all lanes.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void PredictAll()
    {
        fixed (int* counter = counters, at = rows.Contexts, was = were, entry = entries, probability = probabilities, all = table,
            lane = own)
        {
            var a = Gather(counter, at);
            var b = Gather(counter, at + Lanes);
            var c = Gather(counter, at + 2 * Lanes);
            a.Store(was);
            b.Store(was + Lanes);
            c.Store(was + 2 * Lanes);
            var index = RegressionTables.IndexOf((a >> 3) + (b >> 3) + (c >> 3) + (Vector512.Load(lane) >> 3));
            var found = Vector512.Create(Gather(all, index.GetLower()), Gather(all, index.GetUpper()));
            found.Store(entry);
            (found >>> 16).Store(probability);
        }
    }

    // What came with what was predicted. It is learned once the next bits are predicted: nobody waits for it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Compare(uint bits, uint lanes)
    {
        fixed (int* at = rows.Contexts, was = were, entry = entries, move = moves, place = moved, lane = own)
        {
            var active = Mask(lanes);
            var error = RegressionTables.ErrorOf(Vector512.Load(entry), Mask(bits), active);
            (Vector512.Load(lane) + Vector512.ConvertToInt32Native(error * Vector512.Create(OwnRate))).Store(lane);
            for (int i = 0; i < 3 * Lanes; i += Lanes)
            {
                RegressionTables.MoveOf(Vector512.Load(was + i), error, active).Store(move + i);
                Vector512.Load(at + i).Store(place + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Learn()
    {
        fixed (int* counter = counters, place = moved, move = moves)
        {
            for (int i = 0; i < Lanes; i++)
            {
                counter[place[i]] += move[i];
                counter[place[Lanes + i]] += move[Lanes + i];
                counter[place[2 * Lanes + i]] += move[2 * Lanes + i];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<int> Mask(uint lanes)
    {
        var own = Vector512.Create(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
        return Vector512.Equals(Vector512.Create((int)lanes) & own, own);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<short> Mask16(uint lanes)
    {
        var own = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, short.MinValue);
        return Vector256.Equals(Vector256.Create((short)lanes) & own, own);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<int> Gather(int* from, int* at) =>
        Vector512.Create(Gather(from, Vector256.Load(at)), Gather(from, Vector256.Load(at + Vector256<int>.Count)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Gather(int* from, Vector256<int> at) => Avx2.IsSupported
        ? Avx2.GatherVector256(from, at, sizeof(int))
        : Vector256.Create(from[at[0]], from[at[1]], from[at[2]], from[at[3]], from[at[4]], from[at[5]], from[at[6]],
            from[at[7]]);
}
