using System.Runtime.InteropServices;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Quantize.Floats;

/// <summary>
/// Floats of 16 bits, rounded to the nearest. Each tensor's largest magnitude travels before them, so that a receiver knows
/// how far they reach before it decodes one.
/// </summary>
public abstract record Float16Stage : QuantizeStage
{
    private protected Float16Stage()
    {
    }

    private protected abstract SmallFloat Format { get; }

    internal sealed override int SymbolBits => 16;

    internal sealed override int ZeroSymbol => 0;

    internal sealed override GridScope GridScope => GridScope.Tensor;

    internal sealed override void Gather(ref GridStatistics statistics, ReadOnlySpan<float> values, Grid grid) =>
        statistics.Add(values);

    internal sealed override Grid Fit(in GridStatistics statistics, bool sparse, Grid grid) =>
        new(0, Format.ValueOf(Format.SymbolOf(statistics.Largest)));

    internal sealed override float Reach(Grid grid, bool sparse) => Format.Largest;

    internal sealed override void Quantize(ReadOnlySpan<float> values, Grid grid, bool sparse, RandomKey key, int firstDraw,
        Span<byte> symbols) =>
        Format.Encode(values, MemoryMarshal.Cast<byte, ushort>(symbols));

    internal sealed override void Dequantize(ReadOnlySpan<byte> symbols, Grid grid, bool sparse, Span<float> values) =>
        Format.Decode(MemoryMarshal.Cast<byte, ushort>(symbols), Format.SymbolOf(grid.Step), values);

    internal sealed override void Write(Grid grid, bool sparse, PayloadWriter writer) =>
        writer.UInt16((ushort)Format.SymbolOf(grid.Step));

    internal sealed override Grid Read(ref PayloadReader reader, bool sparse)
    {
        int offset = reader.Offset;
        uint symbol = reader.UInt16("largest magnitude");
        return symbol <= Format.LargestSymbol
            ? new Grid(0, Format.ValueOf(symbol))
            : throw InvalidPayloadException.Field("largest magnitude", offset, symbol, $"must be at most {Format.LargestSymbol}");
    }

    internal sealed override double Largest(Grid grid, bool sparse) => grid.Step;
}
