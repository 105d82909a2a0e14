using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Plume.Compression.Kernels;

/// <summary>
/// Magnitudes as whole numbers: a float's bits without its sign order as its magnitude does, with infinity and NaN above
/// all finite ones. So extremes do not depend on the order in which values are met.
/// </summary>
static class Magnitudes
{
    public const uint Mask = 0x7FFFFFFF;

    /// <summary>Bits of infinity: what reaches it is not finite.</summary>
    public const uint NotFinite = 0x7F800000;

    const int Lanes = 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint BitsOf(float value) => BitConverter.SingleToUInt32Bits(value) & Mask;

    /// <summary>The largest magnitude; 0 for no values, not finite where a value is not.</summary>
    public static float LargestOf(ReadOnlySpan<float> values) => BitConverter.UInt32BitsToSingle(Largest(values));

    /// <summary>The largest magnitude's bits; 0 for no values.</summary>
    public static uint Largest(ReadOnlySpan<float> values) => Extremes(values).Largest;

    /// <summary>The smallest and the largest magnitude's bits; all ones and 0 for no values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (uint Smallest, uint Largest) Extremes(ReadOnlySpan<float> values)
    {
        // Four accumulators, so that a core has four loads under way. The masked bits are positive as signed numbers too.
        var bits = MemoryMarshal.Cast<float, int>(values);
        var mask = Vector512.Create((int)Mask);
        Vector512<int> high0 = Vector512<int>.Zero, high1 = high0, high2 = high0, high3 = high0;
        Vector512<int> low0 = mask, low1 = mask, low2 = mask, low3 = mask;
        ref int first = ref MemoryMarshal.GetReference(bits);
        int i = 0;
        for (; i <= bits.Length - 4 * Lanes; i += 4 * Lanes)
        {
            var a = Vector512.LoadUnsafe(ref first, (nuint)i) & mask;
            var b = Vector512.LoadUnsafe(ref first, (nuint)(i + Lanes)) & mask;
            var c = Vector512.LoadUnsafe(ref first, (nuint)(i + 2 * Lanes)) & mask;
            var d = Vector512.LoadUnsafe(ref first, (nuint)(i + 3 * Lanes)) & mask;
            high0 = Vector512.Max(high0, a);
            low0 = Vector512.Min(low0, a);
            high1 = Vector512.Max(high1, b);
            low1 = Vector512.Min(low1, b);
            high2 = Vector512.Max(high2, c);
            low2 = Vector512.Min(low2, c);
            high3 = Vector512.Max(high3, d);
            low3 = Vector512.Min(low3, d);
        }

        var high = Vector512.Max(Vector512.Max(high0, high1), Vector512.Max(high2, high3));
        var low = Vector512.Min(Vector512.Min(low0, low1), Vector512.Min(low2, low3));
        int largest = 0, smallest = values.IsEmpty ? -1 : (int)Mask;
        for (int lane = 0; lane < Lanes && i > 0; lane++)
        {
            largest = Math.Max(largest, high[lane]);
            smallest = Math.Min(smallest, low[lane]);
        }

        for (; i < bits.Length; i++)
        {
            largest = Math.Max(largest, bits[i] & (int)Mask);
            smallest = Math.Min(smallest, bits[i] & (int)Mask);
        }

        return ((uint)smallest, (uint)largest);
    }
}
