using Plume.Compression.Kernels.Levels;
using Plume.Compression.Lines;

namespace Plume.Compression.Codecs.Quantize.Floats;

/// <summary>The upper half of a 32-bit float: 8 bits of exponent, 7 of mantissa; the same range, fewer digits.</summary>
/// <remarks>
/// Error: at most 2^-8 of a value, or 2^-134 for one below 2^-126.
/// Magnitudes above 3.39e38 travel as floats, and so does a model without one from 2^-126 up.
/// Bytes: 2 a tensor and 2 a value.
/// Source: Kalamkar et al., "A Study of BFLOAT16 for Deep Learning Training", 2019, arXiv:1905.12322.
/// </remarks>
public sealed record BrainFloat : Float16Stage, INotated<BrainFloat>
{
    static string INotated<BrainFloat>.Word => "bf16";

    /// <inheritdoc/>
    public override string Keyword => "bf16";

    private protected override SmallFloat Format => SmallFloat.Brain;

    static BrainFloat INotated<BrainFloat>.Parse(LineArguments arguments) => new();
}
