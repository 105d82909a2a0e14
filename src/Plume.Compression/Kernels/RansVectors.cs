using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Plume.Compression.Kernels;

/// <summary>
/// Decoding by vectors: lane j of vector v is state v * lanes + j. Each stops where a full round of tokens or of words is
/// no longer left, and leaves the rest to the loop that takes one token at a time.
/// </summary>
static unsafe class RansVectors
{
    /// <summary>For each set of 8 lanes, the lane of the next word for each of its members.</summary>
    static readonly uint[] Spread = MakeSpread();

    /// <returns>The number of tokens decoded.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int DecodeBySixteen(Span<byte> tokens, ReadOnlySpan<uint> slots, Span<uint> state, ReadOnlySpan<byte> words, ref int place)
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
            Avx2.GatherVector256((int*)slot, place.GetLower(), sizeof(uint)), Avx2.GatherVector256((int*)slot, place.GetUpper(), sizeof(uint))).AsUInt32();
        var high = x >> FrequencyTable.Bits;
        var value = (entry >> RansSlot.FrequencyShift) * high + high + ((entry >> RansSlot.BiasShift) & Vector512.Create(FrequencyTable.Total - 1u));
        var low = Vector512.LessThan(value, Vector512.Create(RansStream.Lowest));
        var fresh = Avx512F.ConvertToVector512UInt32(Vector256.Load((ushort*)(word + next)));
        next += sizeof(ushort) * BitOperations.PopCount((uint)low.ExtractMostSignificantBits());
        x = Vector512.ConditionalSelect(low, (value << 16) | Avx512F.Expand(Vector512<uint>.Zero, low, fresh), value);
        return Avx512F.ConvertToVector128Byte(entry);
    }

    /// <returns>The number of tokens decoded.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int DecodeByEight(Span<byte> tokens, ReadOnlySpan<uint> slots, Span<uint> state, ReadOnlySpan<byte> words, ref int place)
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
        var entry = Avx2.GatherVector256((int*)slot, (x & Vector256.Create(FrequencyTable.Total - 1u)).AsInt32(), sizeof(uint)).AsUInt32();
        var high = x >> FrequencyTable.Bits;
        var value = (entry >> RansSlot.FrequencyShift) * high + high + ((entry >> RansSlot.BiasShift) & Vector256.Create(FrequencyTable.Total - 1u));
        var low = Vector256.LessThan(value, Vector256.Create(RansStream.Lowest));
        uint members = low.ExtractMostSignificantBits();
        var fresh = Avx2.PermuteVar8x32(Avx2.ConvertToVector256Int32((ushort*)(word + next)).AsUInt32(), Vector256.Load(spread + 8 * members));
        next += sizeof(ushort) * BitOperations.PopCount(members);
        Vector256.ConditionalSelect(low, (value << 16) | fresh, value).Store(state);
        var bytes = Vector256.Shuffle(entry.AsByte(), Vector256.Create(
            (byte)0, 4, 8, 12, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
            16, 20, 24, 28, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255)).AsUInt32();
        return bytes.GetElement(0) | ((ulong)bytes.GetElement(4) << 32);
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
