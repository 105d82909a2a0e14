using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Plume.Compression.Kernels.Levels;

/// <summary>
/// Signs of the values whose magnitude reaches a bound: symbol 0 for minus, 1 for what lies between, 2 for plus.
/// </summary>
static class TernaryKernel
{
    /// <summary>One symbol a value. With a bound of zero, zeros are what lies between.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize(ReadOnlySpan<float> values, float bound, Span<byte> symbols)
    {
        var vectors = MemoryMarshal.Cast<float, Vector512<float>>(values);
        var packed = MemoryMarshal.Cast<byte, Vector512<byte>>(symbols[..values.Length]);
        for (int i = 0; i < packed.Length && 4 * i + 3 < vectors.Length; i++)
        {
            var first = Vector512.Narrow(SymbolsOf(vectors[4 * i], bound), SymbolsOf(vectors[4 * i + 1], bound));
            var second = Vector512.Narrow(SymbolsOf(vectors[4 * i + 2], bound), SymbolsOf(vectors[4 * i + 3], bound));
            packed[i] = Vector512.Narrow(first, second).AsByte();
        }

        for (int i = packed.Length * Vector512<byte>.Count; i < values.Length; i++)
            symbols[i] = (byte)(1 + (values[i] >= bound ? 1 : 0) - (values[i] <= -bound ? 1 : 0));
    }

    // A true comparison is -1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<int> SymbolsOf(Vector512<float> values, float bound) =>
        Vector512<int>.One
        - Vector512.GreaterThanOrEqual(values, Vector512.Create(bound)).AsInt32()
        + Vector512.LessThanOrEqual(values, Vector512.Create(-bound)).AsInt32();
}
