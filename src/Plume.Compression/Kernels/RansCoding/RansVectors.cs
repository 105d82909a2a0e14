using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Plume.Compression.Kernels.RansCoding;

/// <summary>
/// Coding by vectors: lane j of vector v is state v * lanes + j. Decoding stops where a full round of tokens or of words
/// is no longer left; encoding is given full rounds only. The loops that take one token at a time do the rest.
/// </summary>
static unsafe class RansVectors
{
    /// <summary>Bytes below the words that encoding may overwrite.</summary>
    public const int Slack = 32;

    /// <summary>For each set of 8 lanes, the lane of the next word for each of its members.</summary>
    static readonly uint[] Spread = MakeSpread();

    /// <summary>For each set of 8 lanes, its members in order, in the last lanes.</summary>
    static readonly uint[] Gathered = MakeGathered();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void EncodeBySixteen(ReadOnlySpan<byte> tokens, ReadOnlySpan<uint> ranges, int alphabet, Span<uint> state,
        Span<byte> room, ref int place)
    {
        const int lanes = 16;
        fixed (byte* token = tokens, start = room)
        fixed (uint* range = ranges, x = state)
        {
            byte* word = start + place;
            // Up to 16 tokens, their ranges fit one vector.
            bool few = alphabet <= lanes;
            var fewRanges = Vector512.Load(range);
            var first = Vector512.Load(x);
            var second = Vector512.Load(x + (state.Length > lanes ? lanes : 0));
            for (int i = tokens.Length - state.Length; i >= 0; i -= state.Length)
            {
                if (state.Length > lanes)
                    second = Put(second, token + i + lanes, range, few, fewRanges, ref word);
                first = Put(first, token + i, range, few, fewRanges, ref word);
            }

            first.Store(x);
            if (state.Length > lanes)
                second.Store(x + lanes);
            place = (int)(word - start);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<uint> Put(Vector512<uint> x, byte* token, uint* range, bool few, Vector512<uint> fewRanges, ref byte* word)
    {
        var place = Avx512F.ConvertToVector512Int32(Vector128.Load(token));
        var entry = few ? Avx512F.PermuteVar16x32(fewRanges, place.AsUInt32()) : Vector512.Create(
            Avx2.GatherVector256((int*)range, place.GetLower(), sizeof(uint)),
            Avx2.GatherVector256((int*)range, place.GetUpper(), sizeof(uint))).AsUInt32();
        var frequency = entry & Vector512.Create(0xFFFFu);
        var full = Vector512.GreaterThanOrEqual(x >> 20, frequency);
        int words = BitOperations.PopCount((uint)full.ExtractMostSignificantBits());
        // The words of the full lanes, in order, moved up to end where the stream begins.
        var low = Avx512F.ConvertToVector256UInt16(Avx512F.Compress(Vector512<uint>.Zero, full, x));
        var up = Vector256<ushort>.Indices + Vector256.Create((ushort)words);
        Avx512BW.VL.PermuteVar16x16(low, up).Store((ushort*)(word - Slack));
        word -= sizeof(ushort) * words;
        x = Vector512.ConditionalSelect(full, x >> 16, x);
        // The quotient is below 2^20: a division in single precision misses it by one at most, which the remainder tells.
        var quotient = Avx512F.ConvertToVector512UInt32WithTruncation(
            Avx512F.ConvertToVector512Single(x) / Avx512F.ConvertToVector512Single(frequency));
        var rest = (x - quotient * frequency).AsInt32();
        var below = Vector512.LessThan(rest, Vector512<int>.Zero);
        var above = Vector512.GreaterThanOrEqual(rest, frequency.AsInt32());
        quotient = (quotient.AsInt32() + below - above).AsUInt32();
        return x + (entry >> 16) + quotient * (Vector512.Create((uint)FrequencyTable.Total) - frequency);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void EncodeByEight(ReadOnlySpan<byte> tokens, ReadOnlySpan<uint> ranges, Span<uint> state, Span<byte> room,
        ref int place)
    {
        const int lanes = 8;
        fixed (byte* token = tokens, start = room)
        fixed (uint* range = ranges, x = state, gathered = Gathered)
        {
            byte* word = start + place;
            for (int i = tokens.Length - lanes; i >= 0; i -= lanes)
            {
                uint* lane = x + (i & (state.Length - 1));
                Put(Vector256.Load(lane), token + i, range, gathered, ref word).Store(lane);
            }

            place = (int)(word - start);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<uint> Put(Vector256<uint> x, byte* token, uint* range, uint* gathered, ref byte* word)
    {
        var entry = Avx2.GatherVector256((int*)range, Avx2.ConvertToVector256Int32(token), sizeof(uint)).AsUInt32();
        var frequency = entry & Vector256.Create(0xFFFFu);
        var full = ~Vector256.LessThan((x >> 20).AsInt32(), frequency.AsInt32()).AsUInt32();
        uint members = full.ExtractMostSignificantBits();
        var low = Avx2.PermuteVar8x32(x, Vector256.Load(gathered + 8 * members)) & Vector256.Create(0xFFFFu);
        Vector128.Narrow(low.GetLower(), low.GetUpper()).Store((ushort*)(word - 8 * sizeof(ushort)));
        word -= sizeof(ushort) * BitOperations.PopCount(members);
        x = Vector256.ConditionalSelect(full, x >> 16, x);
        // As above; halved for the conversion, which knows signed numbers only.
        var quotient = Vector256.ConvertToInt32(Vector256.ConvertToSingle((x >> 1).AsInt32())
            * 2 / Vector256.ConvertToSingle(frequency.AsInt32()));
        var rest = x.AsInt32() - quotient * frequency.AsInt32();
        var below = Vector256.LessThan(rest, Vector256<int>.Zero);
        var above = ~Vector256.LessThan(rest, frequency.AsInt32());
        quotient = quotient + below - above;
        return x + (entry >> 16) + quotient.AsUInt32() * (Vector256.Create((uint)FrequencyTable.Total) - frequency);
    }

    /// <returns>The number of tokens decoded.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int DecodeBySixteen(Span<byte> tokens, ReadOnlySpan<uint> slots, Span<uint> state, ReadOnlySpan<byte> words,
        ref int place)
    {
        const int lanes = 16;
        int done = 0, next = place, states = state.Length, round = states * sizeof(ushort);
        fixed (byte* token = tokens, word = words)
        fixed (uint* slot = slots, x = state)
        {
            var first = Vector512.Load(x);
            var second = Vector512.Load(x + (states > lanes ? lanes : 0));
            for (; tokens.Length - done >= states && words.Length - next >= round; done += states)
            {
                Step(ref first, slot, word, ref next).Store(token + done);
                if (states > lanes)
                    Step(ref second, slot, word, ref next).Store(token + done + lanes);
            }

            first.Store(x);
            if (states > lanes)
                second.Store(x + lanes);
        }

        place = next;
        return done;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<byte> Step(ref Vector512<uint> x, uint* slot, byte* word, ref int next)
    {
        var place = (x & Vector512.Create(FrequencyTable.Total - 1u)).AsInt32();
        var entry = Vector512.Create(
            Avx2.GatherVector256((int*)slot, place.GetLower(), sizeof(uint)),
            Avx2.GatherVector256((int*)slot, place.GetUpper(), sizeof(uint))).AsUInt32();
        var high = x >> FrequencyTable.Bits;
        var value = (entry >> RansSlot.FrequencyShift) * high + high
            + ((entry >> RansSlot.BiasShift) & Vector512.Create(FrequencyTable.Total - 1u));
        var low = Vector512.LessThan(value, Vector512.Create(RansStream.Lowest));
        var fresh = Avx512F.ConvertToVector512UInt32(Vector256.Load((ushort*)(word + next)));
        next += sizeof(ushort) * BitOperations.PopCount((uint)low.ExtractMostSignificantBits());
        x = Vector512.ConditionalSelect(low, (value << 16) | Avx512F.Expand(Vector512<uint>.Zero, low, fresh), value);
        return Avx512F.ConvertToVector128Byte(entry);
    }

    /// <returns>The number of tokens decoded.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int DecodeByEight(Span<byte> tokens, ReadOnlySpan<uint> slots, Span<uint> state, ReadOnlySpan<byte> words,
        ref int place)
    {
        const int lanes = 8;
        int done = 0, next = place, states = state.Length, round = states * sizeof(ushort);
        fixed (byte* token = tokens, word = words)
        fixed (uint* slot = slots, x = state, spread = Spread)
        {
            for (; tokens.Length - done >= states && words.Length - next >= round; done += states)
            {
                for (int lane = 0; lane < states; lane += lanes)
                    *(ulong*)(token + done + lane) = Step(x + lane, slot, spread, word, ref next);
            }
        }

        place = next;
        return done;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Step(uint* state, uint* slot, uint* spread, byte* word, ref int next)
    {
        var x = Vector256.Load(state);
        var entry = Avx2.GatherVector256((int*)slot, (x & Vector256.Create(FrequencyTable.Total - 1u)).AsInt32(), sizeof(uint))
            .AsUInt32();
        var high = x >> FrequencyTable.Bits;
        var value = (entry >> RansSlot.FrequencyShift) * high + high
            + ((entry >> RansSlot.BiasShift) & Vector256.Create(FrequencyTable.Total - 1u));
        var low = Vector256.LessThan(value, Vector256.Create(RansStream.Lowest));
        uint members = low.ExtractMostSignificantBits();
        var fresh = Avx2.PermuteVar8x32(Avx2.ConvertToVector256Int32((ushort*)(word + next)).AsUInt32(),
            Vector256.Load(spread + 8 * members));
        next += sizeof(ushort) * BitOperations.PopCount(members);
        Vector256.ConditionalSelect(low, (value << 16) | fresh, value).Store(state);
        var bytes = Vector256.Shuffle(entry.AsByte(), Vector256.Create(
            (byte)0, 4, 8, 12, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
            16, 20, 24, 28, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255)).AsUInt32();
        return bytes.GetElement(0) | ((ulong)bytes.GetElement(4) << 32);
    }

    static uint[] MakeGathered()
    {
        var gathered = new uint[256 * 8];
        for (int members = 0; members < 256; members++)
        {
            int place = 8 * members + 8 - BitOperations.PopCount((uint)members);
            for (uint lane = 0; lane < 8; lane++)
            {
                if ((members >> (int)lane & 1) != 0)
                    gathered[place++] = lane;
            }
        }

        return gathered;
    }

    static uint[] MakeSpread()
    {
        var spread = new uint[256 * 8];
        for (int members = 0; members < 256; members++)
        {
            for (int lane = 0; lane < 8; lane++)
                spread[8 * members + lane] = (uint)BitOperations.PopCount((uint)members & ((1u << lane) - 1));
        }

        return spread;
    }
}
