using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Plume.Compression.Kernels.Levels;

/// <summary>
/// Binary floats of 8 or 16 bits: sign, exponent, mantissa, subnormals at the lower end. Encoding rounds to even and
/// saturates at the largest finite number; minus zero becomes zero. Decoding takes a magnitude above a limit for the limit,
/// so that no symbol is infinite or NaN.
/// </summary>
sealed class SmallFloat
{
    const int SingleMantissaBits = 23;
    const int SingleBias = 127;

    readonly int bits;
    readonly int dropped;
    readonly uint largestBits;
    readonly uint smallestNormal;
    readonly uint rebias;
    readonly float subnormalGrid;
    readonly float decodeFactor;

    SmallFloat(int bits, int mantissaBits, int bias, float largest)
    {
        this.bits = bits;
        dropped = SingleMantissaBits - mantissaBits;
        Largest = largest;
        largestBits = BitConverter.SingleToUInt32Bits(largest);
        smallestNormal = (uint)(SingleBias + 1 - bias) << SingleMantissaBits;
        rebias = (uint)(SingleBias - bias) << mantissaBits;
        LargestSymbol = (largestBits >>> dropped) - rebias;
        // A float of this size has the subnormals' spacing: adding it rounds to a multiple of that.
        subnormalGrid = MathF.ScaleB(1, dropped + 1 - bias);
        decodeFactor = MathF.ScaleB(1, SingleBias - bias);
    }

    /// <summary>IEEE 754 binary16.</summary>
    public static SmallFloat Half { get; } = new(16, 10, 15, 65_504);

    /// <summary>The upper half of a 32-bit float.</summary>
    public static SmallFloat Brain { get; } = new(16, 7, SingleBias, BitConverter.UInt32BitsToSingle(0x7F7F0000));

    /// <summary>OCP 8-bit floating point, 4 bits of exponent and 3 of mantissa.</summary>
    public static SmallFloat E4M3 { get; } = new(8, 3, 7, 448);

    /// <summary>OCP 8-bit floating point, 5 bits of exponent and 2 of mantissa.</summary>
    public static SmallFloat E5M2 { get; } = new(8, 2, 15, 57_344);

    /// <summary>The largest finite number.</summary>
    public float Largest { get; }

    /// <summary>Its symbol.</summary>
    public uint LargestSymbol { get; }

    /// <summary>One value's symbol.</summary>
    public uint SymbolOf(float value) => Encode(Vector512.CreateScalar(value))[0];

    /// <summary>One symbol's value.</summary>
    public float ValueOf(uint symbol) => Decode(Vector512.CreateScalar(symbol), LargestSymbol)[0];

    /// <summary>Encodes value * factor as 8 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Encode(ReadOnlySpan<float> values, float factor, Span<byte> symbols)
    {
        var vectors = MemoryMarshal.Cast<float, Vector512<float>>(values);
        var packed = MemoryMarshal.Cast<byte, Vector512<byte>>(symbols[..values.Length]);
        for (int i = 0; i < packed.Length && 4 * i + 3 < vectors.Length; i++)
        {
            var first = Vector512.Narrow(Encode(vectors[4 * i] * factor), Encode(vectors[4 * i + 1] * factor));
            var second = Vector512.Narrow(Encode(vectors[4 * i + 2] * factor), Encode(vectors[4 * i + 3] * factor));
            packed[i] = Vector512.Narrow(first, second);
        }

        for (int i = packed.Length * Vector512<byte>.Count; i < values.Length; i++)
            symbols[i] = (byte)SymbolOf(values[i] * factor);
    }

    /// <summary>Encodes values as 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Encode(ReadOnlySpan<float> values, Span<ushort> symbols)
    {
        var vectors = MemoryMarshal.Cast<float, Vector512<float>>(values);
        var packed = MemoryMarshal.Cast<ushort, Vector512<ushort>>(symbols[..values.Length]);
        for (int i = 0; i < packed.Length && 2 * i + 1 < vectors.Length; i++)
            packed[i] = Vector512.Narrow(Encode(vectors[2 * i]), Encode(vectors[2 * i + 1]));
        for (int i = packed.Length * Vector512<ushort>.Count; i < values.Length; i++)
            symbols[i] = (ushort)SymbolOf(values[i]);
    }

    /// <summary>Decodes symbols of 8 bits, times the scale.</summary>
    public void Decode(ReadOnlySpan<byte> symbols, float scale, Span<float> values)
    {
        Span<float> table = stackalloc float[256];
        for (int symbol = 0; symbol < table.Length; symbol++)
            table[symbol] = ValueOf((uint)symbol) * scale;
        LevelTable.Choose(table, symbols, values);
    }

    /// <summary>Decodes symbols of 16 bits, whose magnitudes are at most that of <paramref name="limit"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Decode(ReadOnlySpan<ushort> symbols, uint limit, Span<float> values)
    {
        var vectors = MemoryMarshal.Cast<float, Vector512<float>>(values[..symbols.Length]);
        var packed = MemoryMarshal.Cast<ushort, Vector512<ushort>>(symbols);
        for (int i = 0; i < packed.Length && 2 * i + 1 < vectors.Length; i++)
        {
            var (low, high) = Vector512.Widen(packed[i]);
            vectors[2 * i] = Decode(low, limit);
            vectors[2 * i + 1] = Decode(high, limit);
        }

        for (int i = packed.Length * Vector512<ushort>.Count; i < symbols.Length; i++)
            values[i] = Decode(Vector512.CreateScalar((uint)symbols[i]), limit)[0];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Vector512<uint> Encode(Vector512<float> values)
    {
        var magnitude = Vector512.Min(values.AsUInt32() & Vector512.Create(Magnitudes.Mask), Vector512.Create(largestBits));
        var odd = (magnitude >>> dropped) & Vector512<uint>.One;
        var normal = ((magnitude + Vector512.Create((1u << (dropped - 1)) - 1) + odd) >>> dropped) - Vector512.Create(rebias);
        var grid = Vector512.Create(subnormalGrid);
        var subnormal = (magnitude.AsSingle() + grid).AsUInt32() - grid.AsUInt32();
        var symbol = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(smallestNormal)), subnormal,
            normal);
        var sign = (values.AsUInt32() >>> 31) << (bits - 1);
        return symbol | (sign & ~Vector512.Equals(symbol, Vector512<uint>.Zero));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Vector512<float> Decode(Vector512<uint> symbols, uint limit)
    {
        uint signBit = 1u << (bits - 1);
        var magnitude = Vector512.Min(symbols & Vector512.Create(signBit - 1), Vector512.Create(limit));
        var sign = (symbols & Vector512.Create(signBit)) << (32 - bits);
        // The small exponent read as a float's is too low by the difference of the biases; so are subnormals.
        return ((magnitude << dropped).AsSingle() * decodeFactor) | sign.AsSingle();
    }
}
