using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Lines;

namespace Plume.Compression.Codecs.Code.Entropy;

/// <summary>
/// Range asymmetric numeral systems with static tables: each symbol costs close to the logarithm of how rare it is among
/// the values of its strength. Values of a block are grouped by how strong their rows (channels) are, and their columns in
/// the tensor, and groups that are alike share a table, when that makes the payload smaller. Without a quantizer, floats
/// without loss: each of their four bytes, exponent first, coded where that makes it smaller.
/// </summary>
/// <remarks>
/// After a select that sends positions, and where seven of eight symbols are zero, gaps and the other symbols are coded,
/// each with a table of their own; what was not kept, or is zero, costs nothing but its part in a gap. Symbols above 8
/// bits: their distance from zero to an eighth of an octave is coded (the upper 8 bits, where there is no zero), the rest
/// stands raw.
/// Bytes: the empirical entropy within 1 % from about 2 KB on; a table costs 2 or 3 bytes where shares fall
/// geometrically and about half a byte a used symbol where not; 4 bytes for each of the 1 to 32 interleaved states of a
/// segment of up to 256 Ki values, which stay under half a percent of it. Floats: 83 % of their bytes for normal values,
/// 66 % of 2 bytes for normal values that were rounded to bf16.
/// Source: Duda, "Asymmetric numeral systems", 2013, arXiv:1311.2540; interleaving: Giesen, "Interleaved entropy
/// coders", 2014, arXiv:1402.3392; floats: Hershcovitch et al., "ZipNN", 2024, arXiv:2411.05239.
/// </remarks>
public sealed record Rans : CodeStage, INotated<Rans>
{
    const int SegmentValues = 4 * BlockPlan.MaxLength;

    static string INotated<Rans>.Word => "rans";

    /// <inheritdoc/>
    public override string Keyword => "rans";

    static Rans INotated<Rans>.Parse(LineArguments arguments) => new();

    internal override BlockCoder CreateCoder(CodecPlan plan)
    {
        int zero = plan.Codec.Selects ? -1 : plan.Quantizer.ZeroSymbol;
        int bits = plan.Quantizer.SymbolBits;
        bool codesGaps = plan.Codec.Selector is { Positions: PositionCoding.Gaps };
        RansSymbols symbols = bits > 16 ? new FloatSymbols() : bits > 8 ? new WideSymbols(bits, zero)
            : new NarrowSymbols(bits, zero, codesGaps);
        var escapes = plan.Quantizer.HasEscapes ? new EscapeCode((byte)plan.Quantizer.ZeroSymbol) : null;
        return new RansCoder(symbols, new ColumnSet(plan, symbols), escapes, zero >= 0, codesGaps,
            plan.Codec.Selector is { Positions: PositionCoding.Written } ? 0 : SegmentValues);
    }
}
