using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Plume.Compression.Kernels;

/// <summary>
/// Sums of floats as doubles, in eight lanes whatever the machine: value i of every whole 16 goes to lane i modulo 8, the
/// lanes are added from the first to the last, then the rest one by one. So every instruction set gives the same bits.
/// </summary>
static class LaneSums
{
    const int Lanes = 16;

    /// <summary>The sum of the magnitudes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double OfMagnitudes(ReadOnlySpan<float> values)
    {
        Vector512<double> low = Vector512<double>.Zero, high = low;
        ref float first = ref MemoryMarshal.GetReference(values);
        int i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            var magnitudes = Vector512.Abs(Vector512.LoadUnsafe(ref first, (nuint)i));
            low += Vector512.WidenLower(magnitudes);
            high += Vector512.WidenUpper(magnitudes);
        }

        double sum = Join(low + high);
        for (; i < values.Length; i++)
            sum += Math.Abs(values[i]);
        return sum;
    }

    /// <summary>The sum of the squares.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double OfSquares(ReadOnlySpan<float> values)
    {
        Vector512<double> low = Vector512<double>.Zero, high = low;
        ref float first = ref MemoryMarshal.GetReference(values);
        int i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            var vector = Vector512.LoadUnsafe(ref first, (nuint)i);
            Vector512<double> a = Vector512.WidenLower(vector), b = Vector512.WidenUpper(vector);
            low += a * a;
            high += b * b;
        }

        double sum = Join(low + high);
        for (; i < values.Length; i++)
            sum += (double)values[i] * values[i];
        return sum;
    }

    /// <summary>The lanes, added from the first to the last.</summary>
    public static double Join(Vector512<double> lanes)
    {
        double sum = 0;
        for (int lane = 0; lane < Vector512<double>.Count; lane++)
            sum += lanes[lane];
        return sum;
    }
}
