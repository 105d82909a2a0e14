using System.Globalization;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Lines;

namespace Plume.Compression.Codecs.Transform;

/// <summary>
/// Sends what an update's matrices mostly are, a sum of a few products of a column and a row, apart from what is left; the
/// stages to the right code the rest.
/// </summary>
/// <remarks>
/// A weight of shape [out, ...] counts as a matrix with a row for each output. A few epochs on one client's data move it in
/// few directions, so that most of its energy lies in rank 1 to 8: at the same error the payload of an update is a half to
/// a quarter of what it is without. Directions are sent while their energy pays for their bytes, at most as many as asked for.
/// Columns and rows are quantized with the step of the <c>deadzone</c> to the right, which is what gives equal slopes, since
/// the columns are near orthonormal; rows are fitted to the columns as they arrive. What quantizing leaves goes into the rest.
/// Error: none of its own but float roundings. Bytes: 1 for each direction and what the levels cost, range coded.
/// Source: Vogels et al., "PowerSGD", NeurIPS 2019, arXiv:1905.13727. Differs from it: the rank follows the data, factors
/// are quantized and entropy coded, and what they leave is coded too.
/// </remarks>
public sealed record LowRank : TransformStage, INotated<LowRank>
{
    const int DefaultRank = 16;
    const int LargestRank = 64;

    /// <summary>Sends up to a number of directions of each matrix.</summary>
    /// <param name="rank">1 to 64.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rank is out of its range.</exception>
    public LowRank(int rank = DefaultRank)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rank, LargestRank);
        Rank = rank;
    }

    /// <summary>Most directions of a matrix.</summary>
    public int Rank { get; }

    static string INotated<LowRank>.Word => "lowrank";

    /// <inheritdoc/>
    public override string Keyword => "lowrank";

    private protected override IEnumerable<string> Arguments => Rank == DefaultRank ? []
        : [Rank.ToString(CultureInfo.InvariantCulture)];

    internal override bool Mixes => true;

    static LowRank INotated<LowRank>.Parse(LineArguments arguments) =>
        new(arguments.Positional("rank") is { } rank ? arguments.Integer(rank, 1, LargestRank) : DefaultRank);

    internal override void CheckBefore(Quantize.QuantizeStage? quantizer, string codec)
    {
        if (quantizer is not Quantize.DeadZone { Rule: not Quantize.StepRule.Relative })
            throw Notation.Error(codec, codec.IndexOf("lowrank", StringComparison.Ordinal) + 1,
                "'lowrank' shares the step of a deadzone that has one for all tensors; put deadzone(abs=...), "
                    + "deadzone(nmse=...) or deadzone(bpp=...) to its right, or a budget and a deadzone");
    }

    internal override Transformer CreateTransformer(CodecPlan plan) => new LowRankTransformer(this, plan);
}
