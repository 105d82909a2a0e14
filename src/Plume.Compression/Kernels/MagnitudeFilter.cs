using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Plume.Compression.Kernels;

/// <summary>Picks the values whose magnitude reaches a bound, and their positions, in ascending order.</summary>
static class MagnitudeFilter
{
    const int Lanes = 16;

    /// <summary>Values that reach the bound, NaN and infinity among them.</summary>
    /// <param name="values">At most 64 Ki.</param>
    /// <param name="bound">As bits of a magnitude; at least 1, so that zeros never reach it.</param>
    /// <param name="positions">As long as the values.</param>
    /// <param name="kept">As long as the values.</param>
    /// <returns>How many there are.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int AtLeast(ReadOnlySpan<float> values, uint bound, Span<ushort> positions, Span<float> kept)
    {
        var bits = MemoryMarshal.Cast<float, int>(values);
        var mask = Vector512.Create((int)Magnitudes.Mask);
        // Masked bits and the bound are positive as signed numbers; above bound - 1 is at least bound.
        var below = Vector512.Create((int)(bound - 1));
        ref int first = ref MemoryMarshal.GetReference(bits);
        int count = 0, i = 0;
        for (; i <= bits.Length - Lanes; i += Lanes)
        {
            var vector = Vector512.LoadUnsafe(ref first, (nuint)i);
            var reached = Vector512.GreaterThan(vector & mask, below);
            uint which = (uint)reached.ExtractMostSignificantBits();
            if (which == 0)
                continue;
            if (Avx512F.IsSupported && kept.Length - count >= Lanes)
            {
                Avx512F.Compress(Vector512<int>.Zero, reached, vector).AsSingle().StoreUnsafe(ref kept[count]);
                var places = Avx512F.Compress(Vector512<int>.Zero, reached, Vector512.Create(i) + Vector512<int>.Indices);
                Avx512F.ConvertToVector256UInt16(places.AsUInt32()).StoreUnsafe(ref positions[count]);
                count += BitOperations.PopCount(which);
                continue;
            }

            for (; which != 0; which &= which - 1)
                count = Take(values, i + BitOperations.TrailingZeroCount(which), positions, kept, count);
        }

        for (; i < values.Length; i++)
        {
            if (Magnitudes.BitsOf(values[i]) >= bound)
                count = Take(values, i, positions, kept, count);
        }

        return count;
    }

    static int Take(ReadOnlySpan<float> values, int position, Span<ushort> positions, Span<float> kept, int count)
    {
        positions[count] = (ushort)position;
        kept[count] = values[position];
        return count + 1;
    }
}
