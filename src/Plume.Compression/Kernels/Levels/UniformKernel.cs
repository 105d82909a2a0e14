using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Plume.Compression.Randomness;

namespace Plume.Compression.Kernels.Levels;

enum LevelKind
{
    /// <summary>Symbol k stands for (k - Last) * Step.</summary>
    Signed,

    /// <summary>Symbol 1 stands for Step, symbol 0 for -Step.</summary>
    Sign,

    /// <summary>Symbol 2k + s stands for Low + k * Step, negative where s is 1.</summary>
    SignAndMagnitude,
}

/// <summary>The levels of a uniform quantizer over one grid.</summary>
readonly record struct UniformLevels(Grid Grid, int Last, LevelKind Kind);

/// <summary>
/// Values to symbols and back. Each value meets one scaling, one rounding to even and one clamp, none of them fused, so
/// that every instruction set gives the same symbol. Steps that are zero send every value to the level nearest zero.
/// </summary>
static class UniformKernel
{
    const int Lanes = 16;

    // 1.5 * 2^23: added to a float of magnitude below 2^22 it leaves the nearest whole number in the low bits.
    const float Rounder = 12582912f;

    public static void Quantize<T>(ReadOnlySpan<float> values, UniformLevels levels, bool stochastic, RandomKey key,
        int firstDraw, Span<T> symbols)
        where T : unmanaged, INumberBase<T>
    {
        var scale = new Scale(levels.Grid.Step);
        int done = stochastic || levels.Kind == LevelKind.SignAndMagnitude ? 0 : QuantizeVectors(values, levels, scale, symbols);
        for (int i = done; i < values.Length; i++)
        {
            float draw = stochastic ? key.Uniform((ulong)(firstDraw + i)) : 0;
            symbols[i] = T.CreateTruncating(SymbolOf(values[i], levels, scale, stochastic, draw));
        }
    }

    public static void Dequantize<T>(ReadOnlySpan<T> symbols, UniformLevels levels, Span<float> values)
        where T : unmanaged, INumberBase<T>
    {
        int done = levels.Kind != LevelKind.SignAndMagnitude && typeof(T) == typeof(byte)
            ? DequantizeVectors(MemoryMarshal.AsBytes(symbols), levels, values) : 0;
        for (int i = done; i < symbols.Length; i++)
            values[i] = ValueOf(int.CreateTruncating(symbols[i]), levels);
    }

    /// <summary>The scalar twin of the vectors: one value's symbol.</summary>
    public static int SymbolOf(float value, UniformLevels levels, Scale scale, bool stochastic, float draw) => levels.Kind switch
    {
        LevelKind.Signed => Level(value, scale, stochastic, draw, -levels.Last, levels.Last) + levels.Last,
        LevelKind.Sign => SignOf(value, scale, stochastic, draw),
        _ => (Level(Math.Abs(value) - levels.Grid.Low, scale, stochastic, draw, 0, levels.Last) << 1) | (value < 0 ? 1 : 0),
    };

    /// <summary>The scalar twin of the vectors: one symbol's value.</summary>
    public static float ValueOf(int symbol, UniformLevels levels) => levels.Kind switch
    {
        LevelKind.Signed => Math.Min(symbol - levels.Last, levels.Last) * levels.Grid.Step,
        LevelKind.Sign => symbol == 0 ? -levels.Grid.Step : levels.Grid.Step,
        _ => WithSign(levels.Grid.Low + Math.Min(symbol >> 1, levels.Last) * levels.Grid.Step, symbol & 1),
    };

    // 64 values a turn, as many as one vector of bytes holds.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static int QuantizeVectors<T>(ReadOnlySpan<float> values, UniformLevels levels, Scale scale, Span<T> symbols)
        where T : unmanaged
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        ref byte target = ref MemoryMarshal.GetReference(MemoryMarshal.AsBytes(symbols));
        bool signs = levels.Kind == LevelKind.Sign;
        int i = 0;
        for (; i <= values.Length - 4 * Lanes; i += 4 * Lanes)
        {
            var a = Symbols(Vector512.LoadUnsafe(ref first, (nuint)i), levels.Last, scale, signs);
            var b = Symbols(Vector512.LoadUnsafe(ref first, (nuint)(i + Lanes)), levels.Last, scale, signs);
            var c = Symbols(Vector512.LoadUnsafe(ref first, (nuint)(i + 2 * Lanes)), levels.Last, scale, signs);
            var d = Symbols(Vector512.LoadUnsafe(ref first, (nuint)(i + 3 * Lanes)), levels.Last, scale, signs);
            Vector512<short> low = Vector512.Narrow(a, b), high = Vector512.Narrow(c, d);
            if (typeof(T) == typeof(byte))
            {
                Vector512.Narrow(low, high).AsByte().StoreUnsafe(ref target, (nuint)i);
                continue;
            }

            low.AsByte().StoreUnsafe(ref target, (nuint)(2 * i));
            high.AsByte().StoreUnsafe(ref target, (nuint)(2 * i + 4 * Lanes));
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<int> Symbols(Vector512<float> values, int last, Scale scale, bool signs)
    {
        if (signs)
            return Vector512.GreaterThanOrEqual(values, Vector512<float>.Zero).AsInt32() & Vector512<int>.One;
        var scaled = scale.Divides ? values / scale.Factor : values * scale.Factor;
        var clamped = Vector512.MinNative(Vector512.MaxNative(scaled, Vector512.Create((float)-last)),
            Vector512.Create((float)last));
        return (clamped + Vector512.Create(Rounder)).AsInt32() - Vector512.Create(BitConverter.SingleToInt32Bits(Rounder) - last);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static int DequantizeVectors(ReadOnlySpan<byte> symbols, UniformLevels levels, Span<float> values)
    {
        ref byte first = ref MemoryMarshal.GetReference(symbols);
        ref float target = ref MemoryMarshal.GetReference(values);
        var step = Vector512.Create(levels.Grid.Step);
        // A sign is 2 * symbol - 1, a level symbol - last.
        bool signs = levels.Kind == LevelKind.Sign;
        var last = Vector512.Create(signs ? 1 : levels.Last);
        int i = 0;
        for (; i <= symbols.Length - 4 * Lanes; i += 4 * Lanes)
        {
            var bytes = Vector512.LoadUnsafe(ref first, (nuint)i);
            Vector512<ushort> low = Vector512.WidenLower(bytes), high = Vector512.WidenUpper(bytes);
            Values(Vector512.WidenLower(low), last, step, signs).StoreUnsafe(ref target, (nuint)i);
            Values(Vector512.WidenUpper(low), last, step, signs).StoreUnsafe(ref target, (nuint)(i + Lanes));
            Values(Vector512.WidenLower(high), last, step, signs).StoreUnsafe(ref target, (nuint)(i + 2 * Lanes));
            Values(Vector512.WidenUpper(high), last, step, signs).StoreUnsafe(ref target, (nuint)(i + 3 * Lanes));
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> Values(Vector512<uint> symbols, Vector512<int> last, Vector512<float> step, bool signs) =>
        Vector512.ConvertToSingle(Vector512.Min((signs ? symbols + symbols : symbols).AsInt32() - last, last)) * step;

    static int Level(float value, Scale scale, bool stochastic, float draw, int first, int last)
    {
        float scaled = scale.Divides ? value / scale.Factor : value * scale.Factor;
        float rounded = stochastic ? MathF.Floor(scaled + draw) : MathF.Round(Math.Clamp(scaled, first, last));
        return (int)Math.Clamp(rounded, first, last);
    }

    static int SignOf(float value, Scale scale, bool stochastic, float draw)
    {
        if (!stochastic)
            return value < 0 ? 0 : 1;
        float scaled = scale.Divides ? value / scale.Factor : value * scale.Factor;
        return draw < 0.5f * (scaled + 1) ? 1 : 0;
    }

    static float WithSign(float magnitude, int negative) => negative == 0 ? magnitude : -magnitude;
}

/// <summary>How values are divided by a step: by its inverse where that is finite, which is faster.</summary>
readonly struct Scale
{
    public Scale(float step)
    {
        float inverse = step == 0 ? 0 : 1 / step;
        Divides = !float.IsFinite(inverse);
        Factor = Divides ? step : inverse;
    }

    /// <summary>Whether a value is divided by the factor rather than multiplied.</summary>
    public bool Divides { get; }

    public float Factor { get; }
}
