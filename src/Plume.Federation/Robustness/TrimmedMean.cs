using Plume.Compression.Aggregation;

namespace Plume.Federation.Robustness;

/// <summary>The mean of each value without its smallest and its largest, as many of both as may be hostile.</summary>
/// <remarks>
/// Source: Yin et al., "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates", ICML 2018, arXiv:1803.01498.
/// </remarks>
/// <param name="Hostile">How many may be hostile: fewer than half.</param>
public sealed record TrimmedMean(Hostile Hostile) : RobustRule
{
    /// <summary>The word that names it.</summary>
    public const string Keyword = "trimmed";

    private protected override int FewestFor(int messages) => 2 * Hostile.Of(messages) + 1;

    internal override void Combine(RowBlock sorted, Span<float> result)
    {
        int trimmed = Hostile.Of(sorted.Rows);
        sorted.Mean(trimmed, sorted.Rows - 2 * trimmed, result);
    }

    private protected override string Word => $"{Keyword}({Hostile})";
}
