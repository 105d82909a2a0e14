using Plume.Compression.Codecs.Pipeline;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// Range asymmetric numeral systems with static tables: each symbol costs close to the logarithm of how rare it is in
/// its tensor. Tensors whose symbols are alike share a table when that makes the payload smaller.
/// </summary>
/// <remarks>
/// After a select, and where most symbols are zero, gaps and the other symbols alternate in one stream, each with its own
/// table; what was not kept, or is zero, costs nothing but its part in a gap. Symbols above 8 bits: the upper 8 are coded, the rest stand raw.
/// Bytes: the empirical entropy within 1 % on large blocks; tables about 1.3 bytes a used symbol; 4 bytes for each of
/// the 1 to 32 interleaved states of a block, which stay under half a percent of it.
/// Source: Duda, "Asymmetric numeral systems", 2013, arXiv:1311.2540; interleaving: Giesen, "Interleaved entropy
/// coders", 2014, arXiv:1402.3392.
/// </remarks>
public sealed record Rans : CodeStage, INotated<Rans>
{
    static string INotated<Rans>.Word => "rans";

    /// <inheritdoc/>
    public override string Keyword => "rans";

    internal override bool NeedsQuantizer => true;

    static Rans INotated<Rans>.Parse(StageArguments arguments) => new();

    internal override BlockCoder CreateCoder(CodecPlan plan) => new RansCoder(plan.Codec.Selects ? -1 : plan.Quantizer.ZeroSymbol);
}
