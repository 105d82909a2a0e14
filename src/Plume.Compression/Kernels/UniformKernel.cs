using System.Numerics;
using System.Runtime.CompilerServices;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Randomness;

namespace Plume.Compression.Kernels;

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
/// Values to symbols and back. Each value meets one division, one rounding to even and one clamp, none of them fused, so
/// that every instruction set gives the same symbol. Steps that are zero send every value to the level nearest zero.
/// </summary>
static class UniformKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize<T>(ReadOnlySpan<float> values, UniformLevels levels, bool stochastic, RandomKey key, int firstDraw, Span<T> symbols)
        where T : unmanaged, INumberBase<T>
    {
        var (grid, last, kind) = levels;
        float step = grid.Step;
        for (int i = 0; i < values.Length; i++)
        {
            float value = values[i];
            float draw = stochastic ? key.Uniform((ulong)(firstDraw + i)) : 0;
            int symbol = kind switch
            {
                LevelKind.Signed => Level(value, step, stochastic, draw, -last, last) + last,
                LevelKind.Sign => SignOf(value, step, stochastic, draw),
                _ => (Level(Math.Abs(value) - grid.Low, step, stochastic, draw, 0, last) << 1) | (value < 0 ? 1 : 0),
            };
            symbols[i] = T.CreateTruncating(symbol);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dequantize<T>(ReadOnlySpan<T> symbols, UniformLevels levels, Span<float> values)
        where T : unmanaged, INumberBase<T>
    {
        var (grid, last, kind) = levels;
        for (int i = 0; i < symbols.Length; i++)
        {
            int symbol = int.CreateTruncating(symbols[i]);
            values[i] = kind switch
            {
                LevelKind.Signed => Math.Min(symbol - last, last) * grid.Step,
                LevelKind.Sign => symbol == 0 ? -grid.Step : grid.Step,
                _ => WithSign(grid.Low + Math.Min(symbol >> 1, last) * grid.Step, symbol & 1),
            };
        }
    }

    static int Level(float value, float step, bool stochastic, float draw, int first, int last)
    {
        if (step == 0)
            return 0;
        float scaled = value / step;
        float rounded = stochastic ? MathF.Floor(scaled + draw) : MathF.Round(scaled);
        return (int)Math.Clamp(rounded, first, last);
    }

    static int SignOf(float value, float step, bool stochastic, float draw)
    {
        if (!stochastic)
            return value < 0 ? 0 : 1;
        return step == 0 || draw < 0.5f * (value / step + 1) ? 1 : 0;
    }

    static float WithSign(float magnitude, int negative) => negative == 0 ? magnitude : -magnitude;
}
