using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Plume.Compression.Kernels;

/// <summary>
/// Sums, products and multiples of vectors, in fixed lanes, product and sum rounded apart: the same bits on every machine.
/// </summary>
static class VectorSums
{
    const int Lanes = 16;
    const int DoubleLanes = 8;

    /// <summary>The inner product of two vectors of one length.</summary>
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var lanes = Vector512<double>.Zero;
        int i = 0;
        for (; i <= a.Length - DoubleLanes; i += DoubleLanes)
            lanes += Vector512.Create(a[i..]) * Vector512.Create(b[i..]);
        double sum = LaneSums.Join(lanes);
        for (; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }

    /// <summary>The same, of floats and doubles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<double> b)
    {
        Vector512<double> low = Vector512<double>.Zero, high = low;
        ref float first = ref MemoryMarshal.GetReference(a);
        ref double second = ref MemoryMarshal.GetReference(b);
        int i = 0;
        for (; i <= a.Length - Lanes; i += Lanes)
        {
            var vector = Vector512.LoadUnsafe(ref first, (nuint)i);
            low += Vector512.WidenLower(vector) * Vector512.LoadUnsafe(ref second, (nuint)i);
            high += Vector512.WidenUpper(vector) * Vector512.LoadUnsafe(ref second, (nuint)(i + DoubleLanes));
        }

        double sum = LaneSums.Join(low + high);
        for (; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }

    /// <summary>target += factor * source.</summary>
    public static void AddScaled(ReadOnlySpan<double> source, double factor, Span<double> target)
    {
        target = target[..source.Length];
        var factors = Vector512.Create(factor);
        int i = 0;
        for (; i <= source.Length - DoubleLanes; i += DoubleLanes)
            (Vector512.Create(target[i..]) + Vector512.Create(source[i..]) * factors).CopyTo(target[i..]);
        for (; i < source.Length; i++)
        {
            double term = source[i] * factor;
            target[i] += term;
        }
    }

    /// <summary>target += factor * source.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(ReadOnlySpan<float> source, double factor, Span<double> target)
    {
        ref float first = ref MemoryMarshal.GetReference(source);
        ref double second = ref MemoryMarshal.GetReference(target);
        var factors = Vector512.Create(factor);
        int i = 0;
        for (; i <= source.Length - Lanes; i += Lanes)
        {
            var vector = Vector512.LoadUnsafe(ref first, (nuint)i);
            (Vector512.LoadUnsafe(ref second, (nuint)i) + Vector512.WidenLower(vector) * factors)
                .StoreUnsafe(ref second, (nuint)i);
            (Vector512.LoadUnsafe(ref second, (nuint)(i + DoubleLanes)) + Vector512.WidenUpper(vector) * factors)
                .StoreUnsafe(ref second, (nuint)(i + DoubleLanes));
        }

        for (; i < source.Length; i++)
        {
            double term = source[i] * factor;
            target[i] += term;
        }
    }

    /// <summary>target += factor * source.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(ReadOnlySpan<float> source, float factor, Span<float> target)
    {
        ref float first = ref MemoryMarshal.GetReference(source);
        ref float second = ref MemoryMarshal.GetReference(target);
        var factors = Vector512.Create(factor);
        int i = 0;
        for (; i <= source.Length - Lanes; i += Lanes)
            (Vector512.LoadUnsafe(ref second, (nuint)i) + Vector512.LoadUnsafe(ref first, (nuint)i) * factors)
                .StoreUnsafe(ref second, (nuint)i);
        for (; i < source.Length; i++)
        {
            float term = source[i] * factor;
            target[i] += term;
        }
    }

    /// <summary>target += source; what would be beyond the largest float is that.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddClamped(ReadOnlySpan<float> source, Span<float> target)
    {
        target = target[..source.Length];
        ref float first = ref MemoryMarshal.GetReference(source);
        ref float second = ref MemoryMarshal.GetReference(target);
        var most = Vector512.Create(float.MaxValue);
        int i = 0;
        for (; i <= source.Length - Lanes; i += Lanes)
        {
            var sum = Vector512.LoadUnsafe(ref first, (nuint)i) + Vector512.LoadUnsafe(ref second, (nuint)i);
            Vector512.Min(Vector512.Max(sum, -most), most).StoreUnsafe(ref second, (nuint)i);
        }

        for (; i < source.Length; i++)
            target[i] = Math.Clamp(target[i] + source[i], -float.MaxValue, float.MaxValue);
    }
}
