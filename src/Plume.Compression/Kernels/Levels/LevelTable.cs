using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Plume.Compression.Kernels.Levels;

/// <summary>
/// Up to 256 ascending levels at any distances. A value's symbol is the number of thresholds below it, thresholds being
/// halfway between neighbours and multiplied by the values' scale; the symbol k stands for level k * scale.
/// </summary>
sealed class LevelTable
{
    const int MaxLevels = 256;

    /// <summary>Up to so many thresholds, comparing with each is faster than a look-up.</summary>
    const int MostCompared = 15;

    const int Chunk = 1024;

    readonly float[] levels;
    readonly float[] thresholds;
    readonly ThresholdBuckets? buckets;

    public LevelTable(params float[] levels)
    {
        Count = levels.Length;
        thresholds = [.. levels.Zip(levels.Skip(1), static (low, high) => (float)(((double)low + high) / 2))];
        buckets = thresholds.Length > MostCompared ? new ThresholdBuckets(thresholds) : null;
        // A place for every byte: symbols come from strangers.
        this.levels = new float[MaxLevels];
        levels.CopyTo(this.levels, 0);
        this.levels.AsSpan(Count).Fill(levels[^1]);
    }

    public int Count { get; }

    /// <summary>The outermost level, which is positive.</summary>
    public float Last => levels[Count - 1];

    public float this[int symbol] => levels[symbol];

    /// <summary>Chooses the nearest level * scale for each value; halfway, the lower.</summary>
    public void Quantize(ReadOnlySpan<float> values, float scale, Span<byte> symbols)
    {
        symbols = symbols[..values.Length];
        if (buckets is not null && ThresholdBuckets.CanScale(scale))
        {
            buckets.Quantize(values, scale, symbols);
            return;
        }

        int whole = values.Length / Vector512<byte>.Count * Vector512<byte>.Count;
        Compare(values[..whole], scale, symbols);
        for (int i = whole; i < values.Length; i++)
        {
            int symbol = 0;
            while (symbol < thresholds.Length && thresholds[symbol] * scale < values[i])
                symbol++;
            symbols[i] = (byte)symbol;
        }
    }

    /// <summary>Writes the level * scale of each symbol; a symbol beyond the last level counts as the last.</summary>
    public void Dequantize(ReadOnlySpan<byte> symbols, float scale, Span<float> values)
    {
        if (Count <= Vector512<float>.Count && Vector512.IsHardwareAccelerated)
        {
            int whole = symbols.Length / Vector512<byte>.Count * Vector512<byte>.Count;
            Permute(Vector512.Create(levels) * scale, symbols[..whole], values);
            symbols = symbols[whole..];
            values = values[whole..];
        }

        Span<float> scaled = stackalloc float[symbols.Length > 0 ? MaxLevels : 0];
        TensorPrimitives.Multiply(levels.AsSpan(0, scaled.Length), scale, scaled);
        Choose(scaled, symbols, values);
    }

    /// <summary>
    /// The sum of value * level that <see cref="Quantize"/> chooses for it, in an order that no machine changes.
    /// </summary>
    public double InnerProduct(ReadOnlySpan<float> values, float scale)
    {
        Span<byte> symbols = stackalloc byte[Chunk];
        Span<float> chosen = stackalloc float[Chunk];
        double product = 0;
        for (int start = 0; start < values.Length; start += Chunk)
        {
            var part = values.Slice(start, Math.Min(Chunk, values.Length - start));
            Quantize(part, scale, symbols);
            Dequantize(symbols[..part.Length], 1, chosen);
            product += LaneSums.OfProducts(part, chosen);
        }

        return product;
    }

    /// <summary>Writes the entry of each symbol, from a table of 256.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Choose(ReadOnlySpan<float> table, ReadOnlySpan<byte> symbols, Span<float> values)
    {
        // A place for every byte, so no index can be out of range. Eight symbols are one load.
        values = values[..symbols.Length];
        ref float level = ref MemoryMarshal.GetReference(table);
        ref byte symbol = ref MemoryMarshal.GetReference(symbols);
        ref float value = ref MemoryMarshal.GetReference(values);
        int i = 0;
        for (; i <= symbols.Length - 8; i += 8)
        {
            ulong eight = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref symbol, i));
            Unsafe.Add(ref value, i) = Unsafe.Add(ref level, (nuint)(byte)eight);
            Unsafe.Add(ref value, i + 1) = Unsafe.Add(ref level, (nuint)(byte)(eight >> 8));
            Unsafe.Add(ref value, i + 2) = Unsafe.Add(ref level, (nuint)(byte)(eight >> 16));
            Unsafe.Add(ref value, i + 3) = Unsafe.Add(ref level, (nuint)(byte)(eight >> 24));
            Unsafe.Add(ref value, i + 4) = Unsafe.Add(ref level, (nuint)(byte)(eight >> 32));
            Unsafe.Add(ref value, i + 5) = Unsafe.Add(ref level, (nuint)(byte)(eight >> 40));
            Unsafe.Add(ref value, i + 6) = Unsafe.Add(ref level, (nuint)(byte)(eight >> 48));
            Unsafe.Add(ref value, i + 7) = Unsafe.Add(ref level, (nuint)(eight >> 56));
        }

        for (; i < symbols.Length; i++)
            values[i] = table[symbols[i]];
    }

    // Sixteen levels are one register, from which each lane takes its own. A symbol beyond the last level is taken for the last.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Permute(Vector512<float> table, ReadOnlySpan<byte> symbols, Span<float> values)
    {
        var last = Vector512.Create((byte)(Vector512<float>.Count - 1));
        var packed = MemoryMarshal.Cast<byte, Vector512<byte>>(symbols);
        var vectors = MemoryMarshal.Cast<float, Vector512<float>>(values);
        for (int i = 0; i < packed.Length && 4 * i + 3 < vectors.Length; i++)
        {
            var (low, high) = Vector512.Widen(Vector512.Min(packed[i], last));
            vectors[4 * i] = Vector512.ShuffleNative(table, Vector512.WidenLower(low).AsInt32());
            vectors[4 * i + 1] = Vector512.ShuffleNative(table, Vector512.WidenUpper(low).AsInt32());
            vectors[4 * i + 2] = Vector512.ShuffleNative(table, Vector512.WidenLower(high).AsInt32());
            vectors[4 * i + 3] = Vector512.ShuffleNative(table, Vector512.WidenUpper(high).AsInt32());
        }
    }

    // 64 values at a time, so that each threshold is loaded once for all of them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Compare(ReadOnlySpan<float> values, float scale, Span<byte> symbols)
    {
        var vectors = MemoryMarshal.Cast<float, Vector512<float>>(values);
        var packed = MemoryMarshal.Cast<byte, Vector512<byte>>(symbols);
        for (int i = 0; i < packed.Length && 4 * i + 3 < vectors.Length; i++)
        {
            Vector512<float> a = vectors[4 * i], b = vectors[4 * i + 1], c = vectors[4 * i + 2], d = vectors[4 * i + 3];
            Vector512<int> belowA = default, belowB = default, belowC = default, belowD = default;
            foreach (float threshold in thresholds)
            {
                var bound = Vector512.Create(threshold * scale);
                // A true comparison is -1.
                belowA -= Vector512.LessThan(bound, a).AsInt32();
                belowB -= Vector512.LessThan(bound, b).AsInt32();
                belowC -= Vector512.LessThan(bound, c).AsInt32();
                belowD -= Vector512.LessThan(bound, d).AsInt32();
            }

            packed[i] = Vector512.Narrow(Vector512.Narrow(belowA, belowB).AsUInt16(), Vector512.Narrow(belowC, belowD)
                .AsUInt16());
        }
    }
}
