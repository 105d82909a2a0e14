using Plume.Compression.Kernels.Levels;
using Plume.Compression.Lines;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Quantize.Floats;

/// <summary>How the 7 bits besides the sign are shared out.</summary>
public enum Float8Format
{
    /// <summary>4 bits of exponent, 3 of mantissa: up to 448.</summary>
    E4M3,

    /// <summary>5 bits of exponent, 2 of mantissa: up to 57,344.</summary>
    E5M2,
}

/// <summary>Floats of 8 bits, times the smallest power of two with which each tensor's largest magnitude is in range.</summary>
/// <remarks>
/// A power of two, so that scaling rounds nothing.
/// Error: at most 2^-4 of a value or 2^-17 of its tensor's largest magnitude, whichever is more; with E5M2, 2^-3 and 2^-31.
/// Scales are 2^-126 at least, and at most what keeps all levels finite: magnitudes above 2.97e38 travel as floats.
/// Bytes: 1 a tensor and 1 a value.
/// Source: Micikevicius et al., "FP8 Formats for Deep Learning", 2022, arXiv:2209.05433; OCP 8-bit Floating Point
/// Specification, 2023.
/// </remarks>
public sealed record Float8 : QuantizeStage, INotated<Float8>
{
    const int SmallestExponent = -126;

    readonly SmallFloat code;

    /// <summary>Floats of 8 bits.</summary>
    public Float8(Float8Format format = Float8Format.E4M3)
    {
        Format = format;
        code = format == Float8Format.E4M3 ? SmallFloat.E4M3 : SmallFloat.E5M2;
    }

    /// <summary>How the bits are shared out.</summary>
    public Float8Format Format { get; }

    static string INotated<Float8>.Word => "fp8";

    /// <inheritdoc/>
    public override string Keyword => "fp8";

    internal override int SymbolBits => 8;

    internal override int ZeroSymbol => 0;

    internal override GridScope GridScope => GridScope.Tensor;

    private protected override IEnumerable<string> Arguments => Format == Float8Format.E4M3 ? [] : ["e5m2"];

    int LargestExponent => 127 - Math.ILogB(code.Largest);

    static Float8 INotated<Float8>.Parse(LineArguments arguments) =>
        new(arguments.Flag("e5m2") ? Float8Format.E5M2 : Float8Format.E4M3);

    internal override void Gather(ref GridStatistics statistics, ReadOnlySpan<float> values, Grid grid) => statistics.Add(values);

    internal override Grid Fit(in GridStatistics statistics, bool sparse, Grid grid)
    {
        int exponent = SmallestExponent;
        while (exponent < LargestExponent && statistics.Largest > Math.ScaleB(code.Largest, exponent))
            exponent++;
        return new Grid(0, MathF.ScaleB(1, exponent));
    }

    internal override float Reach(Grid grid, bool sparse) => code.Largest * grid.Step;

    internal override void Quantize(ReadOnlySpan<float> values, Grid grid, bool sparse, RandomKey key, int firstDraw,
        Span<byte> symbols) =>
        code.Encode(values, 1 / grid.Step, symbols);

    internal override void Dequantize(ReadOnlySpan<byte> symbols, Grid grid, bool sparse, Span<float> values) =>
        code.Decode(symbols, grid.Step, values);

    internal override void Write(Grid grid, bool sparse, PayloadWriter writer) =>
        writer.UInt8((byte)(Math.ILogB(grid.Step) - SmallestExponent));

    internal override Grid Read(ref PayloadReader reader, bool sparse)
    {
        int offset = reader.Offset;
        int exponent = reader.UInt8("scale") + SmallestExponent;
        return exponent <= LargestExponent
            ? new Grid(0, MathF.ScaleB(1, exponent))
            : throw InvalidPayloadException.Field("scale", offset, exponent - SmallestExponent,
                $"must be at most {LargestExponent - SmallestExponent}");
    }

    internal override double Largest(Grid grid, bool sparse) => (double)code.Largest * grid.Step;
}
