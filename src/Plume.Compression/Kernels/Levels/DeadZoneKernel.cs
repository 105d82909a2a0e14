using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Plume.Compression.Kernels.RangeCoding;

namespace Plume.Compression.Kernels.Levels;

/// <summary>Values to multiples of a step and back.</summary>
static class DeadZoneKernel
{
    const int Lanes = 16;

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

    /// <summary>
    /// A magnitude of a steps becomes floor(a + offset), at most <paramref name="last"/>; symbols count from minus that.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToBytes(ReadOnlySpan<float> values, float step, float offset, int last, Span<byte> symbols)
    {
        float scale = 1 / step;
        var offsets = Vector512.Create(offset);
        ref float source = ref MemoryMarshal.GetReference(values);
        ref byte target = ref MemoryMarshal.GetReference(symbols[..values.Length]);
        int i = 0;
        for (; i <= values.Length - 4 * Lanes; i += 4 * Lanes)
        {
            var a = Symbols(Vector512.LoadUnsafe(ref source, (nuint)i), scale, offsets, last);
            var b = Symbols(Vector512.LoadUnsafe(ref source, (nuint)(i + Lanes)), scale, offsets, last);
            var c = Symbols(Vector512.LoadUnsafe(ref source, (nuint)(i + 2 * Lanes)), scale, offsets, last);
            var d = Symbols(Vector512.LoadUnsafe(ref source, (nuint)(i + 3 * Lanes)), scale, offsets, last);
            Vector512.Narrow(Vector512.Narrow(a, b), Vector512.Narrow(c, d)).AsByte().StoreUnsafe(ref target, (nuint)i);
        }

        for (; i < values.Length; i++)
            symbols[i] = SymbolOf(values[i], scale, offset, last);
    }

    /// <summary>The same with an offset for each value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToBytes(ReadOnlySpan<float> values, float step, ReadOnlySpan<float> offsets, int last, Span<byte> symbols)
    {
        float scale = 1 / step;
        ref float source = ref MemoryMarshal.GetReference(values);
        ref float offset = ref MemoryMarshal.GetReference(offsets[..values.Length]);
        ref byte target = ref MemoryMarshal.GetReference(symbols[..values.Length]);
        int i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            var some = Symbols(Vector512.LoadUnsafe(ref source, (nuint)i), scale, Vector512.LoadUnsafe(ref offset, (nuint)i),
                last);
            var halves = Vector256.Narrow(some.GetLower(), some.GetUpper());
            Vector128.Narrow(halves.GetLower(), halves.GetUpper()).AsByte().StoreUnsafe(ref target, (nuint)i);
        }

        for (; i < values.Length; i++)
            symbols[i] = SymbolOf(values[i], scale, offsets[i], last);
    }

    /// <summary>The scalar twin of the vectors.</summary>
    public static byte SymbolOf(float value, float scale, float offset, int last)
    {
        float scaled = value * scale;
        int magnitude = (int)Math.Min(Math.Abs(scaled) + offset, last);
        return (byte)(last + (scaled < 0 ? -magnitude : magnitude));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<int> Symbols(Vector512<float> values, float scale, Vector512<float> offset, int last)
    {
        var scaled = values * Vector512.Create(scale);
        var magnitude = Vector512.ConvertToInt32Native(
            Vector512.MinNative(Vector512.Abs(scaled) + offset, Vector512.Create((float)last)));
        // The sign's bit, spread over the lane, turns a number into its complement, which is one short of its negative.
        var sign = scaled.AsInt32() >> 31;
        return ((magnitude ^ sign) - sign) + Vector512.Create(last);
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
        Span<float> table = stackalloc float[256];
        for (int symbol = 0; symbol < table.Length; symbol++)
            table[symbol] = Math.Clamp((symbol - zero) * step, -float.MaxValue, float.MaxValue);
        ref byte source = ref MemoryMarshal.GetReference(symbols);
        ref float target = ref MemoryMarshal.GetReference(values);
        bool fits = Math.Max(zero, 255 - zero) * (double)step <= float.MaxValue;
        Vector512<int> zeros = Vector512.Create(zero);
        Vector512<float> steps = Vector512.Create(step);
        int i = 0;
        for (; fits && i <= values.Length - 4 * Lanes; i += 4 * Lanes)
        {
            var bytes = Vector512.LoadUnsafe(ref source, (nuint)i);
            Vector512<ushort> low = Vector512.WidenLower(bytes), high = Vector512.WidenUpper(bytes);
            Values(Vector512.WidenLower(low)).StoreUnsafe(ref target, (nuint)i);
            Values(Vector512.WidenUpper(low)).StoreUnsafe(ref target, (nuint)(i + Lanes));
            Values(Vector512.WidenLower(high)).StoreUnsafe(ref target, (nuint)(i + 2 * Lanes));
            Values(Vector512.WidenUpper(high)).StoreUnsafe(ref target, (nuint)(i + 3 * Lanes));
        }

        for (; i < values.Length; i++)
            values[i] = table[symbols[i]];

        Vector512<float> Values(Vector512<uint> levels) => Vector512.ConvertToSingle(levels.AsInt32() - zeros) * steps;
    }

    /// <summary>The largest magnitude of a level.</summary>
    public static int LargestMagnitude(ReadOnlySpan<int> levels)
    {
        var largest = Vector512<int>.Zero;
        ref int source = ref MemoryMarshal.GetReference(levels);
        int i = 0, most = 0;
        for (; i <= levels.Length - Lanes; i += Lanes)
            largest = Vector512.Max(largest, Vector512.Abs(Vector512.LoadUnsafe(ref source, (nuint)i)));
        for (int lane = 0; lane < Lanes; lane++)
            most = Math.Max(most, largest[lane]);
        for (; i < levels.Length; i++)
            most = Math.Max(most, Math.Abs(levels[i]));
        return most;
    }
}
