using System.Numerics;
using System.Runtime.InteropServices;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Quantize;

/// <summary>
/// What <c>uniform(bits, shared)</c> does before <c>secure</c>: levels as words that add up. Not part of the notation.
/// </summary>
/// <remarks>
/// A level is a two's complement number of the word's bits, so that a sum of words is the word of the sum; of 1 bit, whose levels
/// are 0 and 1, a number without a sign.
/// </remarks>
sealed record SharedLevels(Uniform Of, int WordBits) : QuantizeStage
{
    readonly float step = Of.SharedStep ?? 0;
    readonly bool isCount = Of.Bits == 1;

    public override string Keyword => Of.Keyword;

    internal override int SymbolBits => WordBits;

    internal override int ZeroSymbol => 0;

    internal override GridScope GridScope => GridScope.Model;

    internal override bool CodesEveryWeight => true;

    internal override void Gather(ref GridStatistics statistics, ReadOnlySpan<float> values, Grid grid) => statistics.Add(values);

    internal override Grid Fit(in GridStatistics statistics, bool sparse, Grid grid) => new(0, step);

    internal override float Floor => 0;

    internal override void Quantize(ReadOnlySpan<float> values, Grid grid, bool sparse, RandomKey key, int firstDraw,
        Span<byte> symbols)
    {
        if (WordBits <= 8)
            Quantize(values, key, firstDraw, symbols);
        else if (WordBits <= 16)
            Quantize(values, key, firstDraw, MemoryMarshal.Cast<byte, ushort>(symbols));
        else
            Quantize(values, key, firstDraw, MemoryMarshal.Cast<byte, uint>(symbols));
    }

    internal override void Dequantize(ReadOnlySpan<byte> symbols, Grid grid, bool sparse, Span<float> values)
    {
        if (WordBits <= 8)
            Dequantize(symbols, values);
        else if (WordBits <= 16)
            Dequantize(MemoryMarshal.Cast<byte, ushort>(symbols), values);
        else
            Dequantize(MemoryMarshal.Cast<byte, uint>(symbols), values);
    }

    internal override void Write(Grid grid, bool sparse, PayloadWriter writer)
    {
    }

    internal override Grid Read(ref PayloadReader reader, bool sparse) => new(0, step);

    internal override double Largest(Grid grid, bool sparse) => Math.ScaleB(step, isCount ? WordBits : WordBits - 1);

    /// <summary>The step that all clients share.</summary>
    public double Step => step;

    /// <summary>The sum of the squares of the levels that values become.</summary>
    public long SquaresOf(ReadOnlySpan<float> values, RandomKey key, int firstDraw)
    {
        float inverse = 1 / step, last = Of.Last;
        long squares = 0;
        for (int i = 0; i < values.Length; i++)
        {
            long level = LevelOf(values[i], inverse, last, key, firstDraw + i);
            squares += level * level;
        }

        return squares;
    }

    void Quantize<T>(ReadOnlySpan<float> values, RandomKey key, int firstDraw, Span<T> symbols)
        where T : unmanaged, INumberBase<T>
    {
        uint mask = uint.MaxValue >> (32 - WordBits);
        float inverse = 1 / step, last = Of.Last;
        for (int i = 0; i < values.Length; i++)
            symbols[i] = T.CreateTruncating((uint)LevelOf(values[i], inverse, last, key, firstDraw + i) & mask);
    }

    // Steps are far from the ends of a float's range, so that neither they nor their inverses lose digits.
    int LevelOf(float value, float inverse, float last, RandomKey key, int draw)
    {
        // Within reach first: beyond it a float may be infinite.
        float scaled = Math.Clamp(value * inverse, isCount ? 0 : -last, last);
        return (int)(Of.Stochastic ? MathF.Floor(scaled + key.Uniform((ulong)draw)) : MathF.Round(scaled));
    }

    void Dequantize<T>(ReadOnlySpan<T> symbols, Span<float> values) where T : unmanaged, INumberBase<T>
    {
        int unused = 32 - WordBits;
        for (int i = 0; isCount && i < symbols.Length; i++)
            values[i] = uint.CreateTruncating(symbols[i]) * step;
        for (int i = 0; !isCount && i < symbols.Length; i++)
            values[i] = ((int)(uint.CreateTruncating(symbols[i]) << unused) >> unused) * step;
    }
}
