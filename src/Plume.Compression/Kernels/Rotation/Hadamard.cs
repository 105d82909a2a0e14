using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Plume.Compression.Kernels.Rotation;

/// <summary>
/// The orthonormal Walsh-Hadamard transform in place, its own inverse. Value i meets value i + h for h = n/2, n/4, ... 1, in
/// this order whatever the machine, and every result is scaled once at the end; so every instruction set gives the same bits.
/// </summary>
/// <remarks>
/// Four halvings of h are made in registers at a time, and each part is finished before the next is begun: 65,536 values
/// are read from the second-level cache twice, all else is in the first.
/// Source: Fino and Algazi, "Unified Matrix Treatment of the Fast Walsh-Hadamard Transform", IEEE Trans. Computers, 1976.
/// </remarks>
static class Hadamard
{
    /// <summary>A run of this many values is finished in one go: four steps across sixteen vectors, four within each.</summary>
    const int RunLength = 256;

    /// <summary>A part of this many values (16 KB) stays in the first-level cache until it is finished.</summary>
    const int CachedLength = 4096;

    /// <summary>Transforms a power of two of values.</summary>
    public static void Transform(Span<float> values)
    {
        float scale = (float)(1 / Math.Sqrt(values.Length));
        if (values.Length < RunLength)
            TransformShort(values, scale);
        else
            TransformPart(values, scale);
    }

    static void TransformPart(Span<float> part, float scale)
    {
        if (part.Length == RunLength)
        {
            FourSteps(part);
            LastFourSteps(part, scale);
            return;
        }

        int parts = part.Length == CachedLength ? 16 : BitOperations.Log2((uint)part.Length) % 2 == 0 ? 4 : 2;
        if (parts == 16)
            FourSteps(part);
        else if (parts == 4)
            TwoSteps(part);
        else
            OneStep(part);
        int length = part.Length / parts;
        for (int start = 0; start < part.Length; start += length)
            TransformPart(part.Slice(start, length), scale);
    }

    static void TransformShort(Span<float> values, float scale)
    {
        for (int half = values.Length / 2; half > 0; half /= 2)
        {
            for (int i = 0; i < values.Length; i++)
            {
                if ((i & half) == 0)
                    (values[i], values[i + half]) = (values[i] + values[i + half], values[i] - values[i + half]);
            }
        }

        foreach (ref float value in values)
            value *= scale;
    }

    static void OneStep(Span<float> part)
    {
        var low = MemoryMarshal.Cast<float, Vector512<float>>(part[..(part.Length / 2)]);
        var high = MemoryMarshal.Cast<float, Vector512<float>>(part[(part.Length / 2)..]);
        for (int i = 0; i < low.Length && i < high.Length; i++)
            (low[i], high[i]) = (low[i] + high[i], low[i] - high[i]);
    }

    /// <summary>
    /// The steps h = n/2 and n/4, for parts so long that more rows would push each other out of the first-level cache.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void TwoSteps(Span<float> part)
    {
        nuint stride = (nuint)part.Length / 4;
        ref float start = ref MemoryMarshal.GetReference(part);
        for (nuint i = 0; i < stride; i += 16)
        {
            ref float column = ref Unsafe.Add(ref start, i);
            var a = Vector512.LoadUnsafe(ref column);
            var b = Vector512.LoadUnsafe(ref column, stride);
            var c = Vector512.LoadUnsafe(ref column, 2 * stride);
            var d = Vector512.LoadUnsafe(ref column, 3 * stride);
            (a, c) = (a + c, a - c);
            (b, d) = (b + d, b - d);
            (a + b).StoreUnsafe(ref column);
            (a - b).StoreUnsafe(ref column, stride);
            (c + d).StoreUnsafe(ref column, 2 * stride);
            (c - d).StoreUnsafe(ref column, 3 * stride);
        }
    }

    /// <summary>The steps h = n/2 to n/16: sixteen vectors, n/16 apart, meet in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void FourSteps(Span<float> part)
    {
        nuint stride = (nuint)part.Length / 16;
        ref float start = ref MemoryMarshal.GetReference(part);
        for (nuint i = 0; i < stride; i += 16)
        {
            ref float column = ref Unsafe.Add(ref start, i);
            var a = Vector512.LoadUnsafe(ref column);
            var b = Vector512.LoadUnsafe(ref column, stride);
            var c = Vector512.LoadUnsafe(ref column, 2 * stride);
            var d = Vector512.LoadUnsafe(ref column, 3 * stride);
            var e = Vector512.LoadUnsafe(ref column, 4 * stride);
            var f = Vector512.LoadUnsafe(ref column, 5 * stride);
            var g = Vector512.LoadUnsafe(ref column, 6 * stride);
            var h = Vector512.LoadUnsafe(ref column, 7 * stride);
            var p = Vector512.LoadUnsafe(ref column, 8 * stride);
            var q = Vector512.LoadUnsafe(ref column, 9 * stride);
            var r = Vector512.LoadUnsafe(ref column, 10 * stride);
            var s = Vector512.LoadUnsafe(ref column, 11 * stride);
            var t = Vector512.LoadUnsafe(ref column, 12 * stride);
            var u = Vector512.LoadUnsafe(ref column, 13 * stride);
            var v = Vector512.LoadUnsafe(ref column, 14 * stride);
            var w = Vector512.LoadUnsafe(ref column, 15 * stride);
            (a, p) = (a + p, a - p);
            (b, q) = (b + q, b - q);
            (c, r) = (c + r, c - r);
            (d, s) = (d + s, d - s);
            (e, t) = (e + t, e - t);
            (f, u) = (f + u, f - u);
            (g, v) = (g + v, g - v);
            (h, w) = (h + w, h - w);
            (a, e) = (a + e, a - e);
            (b, f) = (b + f, b - f);
            (c, g) = (c + g, c - g);
            (d, h) = (d + h, d - h);
            (p, t) = (p + t, p - t);
            (q, u) = (q + u, q - u);
            (r, v) = (r + v, r - v);
            (s, w) = (s + w, s - w);
            (a, c) = (a + c, a - c);
            (b, d) = (b + d, b - d);
            (e, g) = (e + g, e - g);
            (f, h) = (f + h, f - h);
            (p, r) = (p + r, p - r);
            (q, s) = (q + s, q - s);
            (t, v) = (t + v, t - v);
            (u, w) = (u + w, u - w);
            (a + b).StoreUnsafe(ref column);
            (a - b).StoreUnsafe(ref column, stride);
            (c + d).StoreUnsafe(ref column, 2 * stride);
            (c - d).StoreUnsafe(ref column, 3 * stride);
            (e + f).StoreUnsafe(ref column, 4 * stride);
            (e - f).StoreUnsafe(ref column, 5 * stride);
            (g + h).StoreUnsafe(ref column, 6 * stride);
            (g - h).StoreUnsafe(ref column, 7 * stride);
            (p + q).StoreUnsafe(ref column, 8 * stride);
            (p - q).StoreUnsafe(ref column, 9 * stride);
            (r + s).StoreUnsafe(ref column, 10 * stride);
            (r - s).StoreUnsafe(ref column, 11 * stride);
            (t + u).StoreUnsafe(ref column, 12 * stride);
            (t - u).StoreUnsafe(ref column, 13 * stride);
            (v + w).StoreUnsafe(ref column, 14 * stride);
            (v - w).StoreUnsafe(ref column, 15 * stride);
        }
    }

    /// <summary>
    /// The steps h = 8 to 1, within sixteen values. A step within a vector adds it, with the signs of its upper partners
    /// turned, to itself with the partners swapped: a sum and a difference like the others.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void LastFourSteps(Span<float> run, float scale)
    {
        var turn4 = Vector256.Create(0f, 0f, 0f, 0f, -0f, -0f, -0f, -0f);
        var turn2 = Vector256.Create(0f, 0f, -0f, -0f, 0f, 0f, -0f, -0f);
        var turn1 = Vector256.Create(0f, -0f, 0f, -0f, 0f, -0f, 0f, -0f);
        var halves = MemoryMarshal.Cast<float, Vector256<float>>(run);
        for (int i = 0; i + 1 < halves.Length; i += 2)
        {
            var low = halves[i] + halves[i + 1];
            var high = halves[i] - halves[i + 1];
            low = Vector256.Shuffle(low, Vector256.Create(4, 5, 6, 7, 0, 1, 2, 3)) + (low ^ turn4);
            high = Vector256.Shuffle(high, Vector256.Create(4, 5, 6, 7, 0, 1, 2, 3)) + (high ^ turn4);
            low = Vector256.Shuffle(low, Vector256.Create(2, 3, 0, 1, 6, 7, 4, 5)) + (low ^ turn2);
            high = Vector256.Shuffle(high, Vector256.Create(2, 3, 0, 1, 6, 7, 4, 5)) + (high ^ turn2);
            low = Vector256.Shuffle(low, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6)) + (low ^ turn1);
            high = Vector256.Shuffle(high, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6)) + (high ^ turn1);
            halves[i] = low * scale;
            halves[i + 1] = high * scale;
        }
    }
}
