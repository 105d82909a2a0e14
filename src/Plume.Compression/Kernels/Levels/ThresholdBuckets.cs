using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Plume.Compression.Kernels.Levels;

/// <summary>
/// Counts the thresholds below a value, where there are many: the value, rounded to evenly spaced buckets, says how many
/// lie below its bucket, and one comparison whether the one threshold that the bucket may hold does too.
/// </summary>
/// <param name="thresholds">Ascending, the last as far above zero as the first below, no two closer than 1 / 700 of that.</param>
sealed class ThresholdBuckets(float[] thresholds)
{
    const int Half = 1024;
    const int Chunk = 256;

    /// <summary>Reach beyond a bucket's edges, in bucket widths: far above what rounding the quotient can move a value.</summary>
    const double Slack = 1.0 / 64;

    /// <summary>From here up, adding 1 steps through the whole numbers in a float's low bits.</summary>
    const float WholeNumbers = 8388608;

    readonly byte[] below = CountBelow(thresholds);

    /// <summary>Whether products and quotients of that scale keep a float's precision.</summary>
    public static bool CanScale(float scale) => scale is > 1e-30f and < 1e30f;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Quantize(ReadOnlySpan<float> values, float scale, Span<byte> symbols)
    {
        // The threshold above each symbol; above the last there is none.
        Span<float> above = stackalloc float[thresholds.Length + 1];
        TensorPrimitives.Multiply(thresholds, scale, above);
        above[^1] = float.PositiveInfinity;
        float perBucket = Half / above[^2];
        Span<float> buckets = stackalloc float[Chunk];
        for (int start = 0; start < values.Length; start += Chunk)
        {
            var part = values.Slice(start, Math.Min(Chunk, values.Length - start));
            FindBuckets(part, perBucket, buckets);
            Count(part, MemoryMarshal.Cast<float, int>(buckets), above, symbols.Slice(start, part.Length));
        }
    }

    static void FindBuckets(ReadOnlySpan<float> values, float perBucket, Span<float> buckets)
    {
        var vectors = MemoryMarshal.Cast<float, Vector512<float>>(values);
        var found = MemoryMarshal.Cast<float, Vector512<float>>(buckets);
        for (int i = 0; i < vectors.Length && i < found.Length; i++)
        {
            var place = Vector512.MinNative(Vector512.MaxNative(vectors[i] * perBucket, Vector512.Create(-(float)Half)),
                Vector512.Create(Half - 1f));
            found[i] = place + Vector512.Create(WholeNumbers + Half);
        }

        for (int i = vectors.Length * Vector512<float>.Count; i < values.Length; i++)
            buckets[i] = Math.Clamp(values[i] * perBucket, -Half, Half - 1f) + (WholeNumbers + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Count(ReadOnlySpan<float> values, ReadOnlySpan<int> buckets, ReadOnlySpan<float> above, Span<byte> symbols)
    {
        ref byte first = ref MemoryMarshal.GetArrayDataReference(below);
        ref float bound = ref MemoryMarshal.GetReference(above);
        for (int i = 0; i < values.Length && i < buckets.Length && i < symbols.Length; i++)
        {
            // Within the table: FindBuckets clamps to -Half..Half-1, and the table's counts end at the last threshold but one.
            uint symbol = Unsafe.Add(ref first, buckets[i] & (2 * Half - 1));
            bool more = Unsafe.Add(ref bound, symbol) < values[i];
            symbols[i] = (byte)(symbol + Unsafe.BitCast<bool, byte>(more));
        }
    }

    static byte[] CountBelow(float[] thresholds)
    {
        var counts = new byte[2 * Half];
        for (int bucket = 0; bucket < counts.Length; bucket++)
        {
            double edge = (bucket - Half - 0.5 - Slack) / Half * thresholds[^1];
            counts[bucket] = (byte)thresholds.Count(threshold => threshold < edge);
        }

        return counts;
    }
}
