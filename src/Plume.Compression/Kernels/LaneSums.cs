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

    /// <summary>The sum of the products of two equally long runs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double OfProducts(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        right = right[..left.Length];
        Vector512<double> low = Vector512<double>.Zero, high = low;
        ref float firstLeft = ref MemoryMarshal.GetReference(left);
        ref float firstRight = ref MemoryMarshal.GetReference(right);
        int i = 0;
        for (; i <= left.Length - Lanes; i += Lanes)
        {
            var a = Vector512.LoadUnsafe(ref firstLeft, (nuint)i);
            var b = Vector512.LoadUnsafe(ref firstRight, (nuint)i);
            low += Vector512.WidenLower(a) * Vector512.WidenLower(b);
            high += Vector512.WidenUpper(a) * Vector512.WidenUpper(b);
        }

        double sum = Join(low + high);
        for (; i < left.Length; i++)
            sum += (double)left[i] * right[i];
        return sum;
    }

    /// <summary>The sum and the number of the magnitudes from a bound up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (double Sum, int Count) OfMagnitudesFrom(float bound, ReadOnlySpan<float> values)
    {
        Vector512<double> low = Vector512<double>.Zero, high = low;
        var counts = Vector512<int>.Zero;
        ref float first = ref MemoryMarshal.GetReference(values);
        int i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            var magnitudes = Vector512.Abs(Vector512.LoadUnsafe(ref first, (nuint)i));
            var reached = Vector512.GreaterThanOrEqual(magnitudes, Vector512.Create(bound));
            magnitudes &= reached;
            counts -= reached.AsInt32();
            low += Vector512.WidenLower(magnitudes);
            high += Vector512.WidenUpper(magnitudes);
        }

        double sum = Join(low + high);
        int count = Vector512.Sum(counts);
        for (; i < values.Length; i++)
        {
            bool reached = Math.Abs(values[i]) >= bound;
            sum += reached ? Math.Abs(values[i]) : 0;
            count += reached ? 1 : 0;
        }

        return (sum, count);
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
