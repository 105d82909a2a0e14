using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Lines;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// An adaptive range coder: each symbol costs close to the logarithm of how rare it is where it stands, with no tables to
/// send. The smallest payloads, at tens of millions of values a second.
/// </summary>
/// <remarks>
/// Tensors follow one another in runs of 256 Ki values or more through which it goes on learning; runs are independent.
/// Contexts: neighbours in the row, the row above, and how large row and column have been (<see cref="LevelModel"/>).
/// Of runs of 128 Ki values or more sixteen rows are coded side by side (<see cref="WavefrontModel"/>).
/// Bytes: 1 to 3 a run besides what it codes, 5 to 10 a long one.
/// A stationary source takes 1 to 2 % more than its entropy, 4 % at 99 % zeros; real
/// updates, whose rows and columns differ, far less than it.
/// Source: Martin, "Range encoding", 1979; Mahoney, Florida Tech. TR CS-2005-16 (mixing); Wiedemann et al., "DeepCABAC",
/// 2019, arXiv:1907.11900 (binary decisions in the context of their neighbours).
/// </remarks>
public sealed record RangeCode : CodeStage, INotated<RangeCode>
{
    static string INotated<RangeCode>.Word => "range";

    /// <inheritdoc/>
    public override string Keyword => "range";

    internal override bool NeedsQuantizer => true;

    static RangeCode INotated<RangeCode>.Parse(LineArguments arguments) => new();

    internal override BlockCoder CreateCoder(CodecPlan plan) => new RangeCoder(plan.Quantizer);
}
