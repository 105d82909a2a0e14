using System.Runtime.InteropServices;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Quantize.Floats;

/// <summary>What a codec without a quantizer does: the symbol is the float's own 32 bits. Not part of the notation.</summary>
sealed record FullPrecision : QuantizeStage
{
    public static FullPrecision Instance { get; } = new();

    public override string Keyword => "full precision";

    internal override int SymbolBits => 32;

    internal override GridScope GridScope => GridScope.Tensor;

    internal override bool IsUnbiased => true;

    internal override void Gather(ref GridStatistics statistics, ReadOnlySpan<float> values, Grid grid) => statistics.Add(values);

    internal override Grid Fit(in GridStatistics statistics, bool sparse, Grid grid) => default;

    internal override float Floor => 0;

    internal override void Quantize(ReadOnlySpan<float> values, Grid grid, bool sparse, RandomKey key, int firstDraw,
        Span<byte> symbols) =>
        MemoryMarshal.AsBytes(values).CopyTo(symbols);

    internal override void Dequantize(ReadOnlySpan<byte> symbols, Grid grid, bool sparse, Span<float> values) =>
        symbols.CopyTo(MemoryMarshal.AsBytes(values));

    internal override void Write(Grid grid, bool sparse, PayloadWriter writer)
    {
    }

    internal override Grid Read(ref PayloadReader reader, bool sparse) => default;

    internal override double Largest(Grid grid, bool sparse) => float.MaxValue;
}
