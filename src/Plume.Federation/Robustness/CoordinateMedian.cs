using Plume.Compression.Aggregation;

namespace Plume.Federation.Robustness;

/// <summary>The median of each value; of an even number of messages the mean of the two in the middle.</summary>
/// <remarks>
/// Withstands fewer than half. Where clients have different classes, few of them move a value, and the median moves none:
/// on such data it costs accuracy without an attack, too. Source: Yin et al., "Byzantine-Robust Distributed Learning: Towards
/// Optimal Statistical Rates", ICML 2018, arXiv:1803.01498.
/// </remarks>
public sealed record CoordinateMedian : RobustRule
{
    /// <summary>The word that names it.</summary>
    public const string Keyword = "median";

    private protected override int FewestFor(int messages) => 1;

    internal override void Combine(RowBlock sorted, Span<float> result) =>
        sorted.Mean((sorted.Rows - 1) / 2, 2 - sorted.Rows % 2, result);

    private protected override string Word => Keyword;
}
