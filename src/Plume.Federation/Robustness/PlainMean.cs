namespace Plume.Federation.Robustness;

/// <summary>The mean of sums of groups, all of which count alike, each within the bound on norms.</summary>
/// <remarks>
/// Withstands nobody, but what one group can do is bounded where the whole sum's norm would be all that is seen:
/// <c>groups(5) | mean</c>. Of updates that are seen the weighted mean is no rule.
/// </remarks>
public sealed record PlainMean : RobustRule
{
    private protected override int FewestFor(int messages) => 1;

    internal override double[] Weigh(RowDistances distances) =>
        [.. Enumerable.Repeat(1.0 / distances.Count, distances.Count)];

    private protected override string Word => RobustNotation.Mean;
}
