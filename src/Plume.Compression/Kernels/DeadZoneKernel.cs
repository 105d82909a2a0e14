using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Plume.Compression.Kernels;

/// <summary>Values to multiples of a step and back.</summary>
static class DeadZoneKernel
{
    const float LargestLevel = LevelModel.Largest - 1;

    /// <summary>Values in 256ths of a step, to the nearest; or, where levels must be the nearest, whole steps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToFixedPoint(ReadOnlySpan<float> values, float step, bool whole, Span<int> levels)
    {
        float scale = whole ? 1 / step : (1 << LevelModel.FractionBits) / step;
        float limit = whole ? LargestLevel : LargestLevel * (1 << LevelModel.FractionBits);
        Vector512<float> scales = Vector512.Create(scale), limits = Vector512.Create(limit);
        ref float source = ref MemoryMarshal.GetReference(values);
        ref int target = ref MemoryMarshal.GetReference(levels);
        int i = 0;
        for (; i <= values.Length - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            var scaled = Vector512.Min(Vector512.Max(Vector512.LoadUnsafe(ref source, (nuint)i) * scales, -limits), limits);
            Vector512.ConvertToInt32(Vector512.Round(scaled)).StoreUnsafe(ref target, (nuint)i);
        }

        for (; i < values.Length; i++)
            levels[i] = (int)MathF.Round(Math.Clamp(values[i] * scale, -limit, limit));
    }

    /// <summary>A magnitude of a steps becomes floor(a + offset), at most <paramref name="last"/>; symbols count from minus that.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToBytes(ReadOnlySpan<float> values, float step, float offset, int last, Span<byte> symbols)
    {
        float scale = 1 / step;
        for (int i = 0; i < values.Length; i++)
        {
            float scaled = values[i] * scale;
            int magnitude = (int)Math.Min(Math.Abs(scaled) + offset, last);
            symbols[i] = (byte)(last + (scaled < 0 ? -magnitude : magnitude));
        }
    }

    /// <summary>Multiples of the step; what would be beyond the largest float is that.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToValues(ReadOnlySpan<int> levels, float step, Span<float> values)
    {
        Vector512<float> steps = Vector512.Create(step), limits = Vector512.Create(float.MaxValue);
        ref int source = ref MemoryMarshal.GetReference(levels);
        ref float target = ref MemoryMarshal.GetReference(values);
        int i = 0;
        for (; i <= values.Length - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            var product = Vector512.ConvertToSingle(Vector512.LoadUnsafe(ref source, (nuint)i)) * steps;
            Vector512.Min(Vector512.Max(product, -limits), limits).StoreUnsafe(ref target, (nuint)i);
        }

        for (; i < values.Length; i++)
            values[i] = Math.Clamp(levels[i] * step, -float.MaxValue, float.MaxValue);
    }

    /// <summary>The same for symbols of a byte, of which <paramref name="zero"/> stands for zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToValues(ReadOnlySpan<byte> symbols, float step, int zero, Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = Math.Clamp((symbols[i] - zero) * step, -float.MaxValue, float.MaxValue);
    }

    /// <summary>The largest magnitude of a level.</summary>
    public static int LargestMagnitude(ReadOnlySpan<int> levels)
    {
        int largest = 0;
        foreach (int level in levels)
            largest = Math.Max(largest, Math.Abs(level));
        return largest;
    }
}
