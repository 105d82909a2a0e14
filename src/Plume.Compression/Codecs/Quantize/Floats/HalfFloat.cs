using Plume.Compression.Kernels.Levels;
using Plume.Compression.Lines;

namespace Plume.Compression.Codecs.Quantize.Floats;

/// <summary>IEEE 754 half precision: 5 bits of exponent, 10 of mantissa.</summary>
/// <remarks>
/// Error: at most 2^-11 of a value, or 2^-25 for one below 2^-14. Magnitudes above 65,504 travel as floats, and so does a model
/// without one from 2^-17 up.
/// Bytes: 2 a tensor and 2 a value; 5 or 6 for one that travels as a float.
/// Source: IEEE 754-2019, binary16.
/// </remarks>
public sealed record HalfFloat : Float16Stage, INotated<HalfFloat>
{
    static string INotated<HalfFloat>.Word => "fp16";

    /// <inheritdoc/>
    public override string Keyword => "fp16";

    private protected override SmallFloat Format => SmallFloat.Half;

    // From here down every value would be off by more than 2^-8 of itself.
    internal override float Floor => 1f / (1 << 17);

    static HalfFloat INotated<HalfFloat>.Parse(LineArguments arguments) => new();
}
