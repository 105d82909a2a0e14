using System.Globalization;

namespace Plume.Federation.Robustness;

/// <summary>
/// The message that its nearest neighbours are nearest to, or the mean of several such. A message's score is the sum of its
/// squared distances to the n - f - 2 nearest others; those with the least scores are taken, of equal scores the earlier.
/// </summary>
/// <remarks>
/// One message alone (<c>krum</c>) is as far from the mean as one client's data are; <c>multikrum</c> takes all but as many as
/// may be hostile, unless it says how many. Source: Blanchard et al., "Machine Learning with Adversaries: Byzantine Tolerant
/// Gradient Descent", NeurIPS 2017, arXiv:1703.02757. Distances are squared, as there; some programs do not square them, and take
/// one neighbour more.
/// </remarks>
/// <param name="Hostile">How many may be hostile: n must be at least twice that and three.</param>
/// <param name="Taken">Messages that are taken; null for all but the hostile.</param>
public sealed record Krum(Hostile Hostile, int? Taken) : RobustRule
{
    /// <summary>The word of the rule that takes one message.</summary>
    public const string Keyword = "krum";

    /// <summary>The word of the rule that takes several.</summary>
    public const string SeveralKeyword = "multikrum";

    private protected override int FewestFor(int messages) => Math.Max(2 * Hostile.Of(messages) + 3, Taken ?? 1);

    internal override bool ChoosesWhole => true;

    internal override double[] Weigh(RowDistances distances)
    {
        int count = distances.Count, neighbours = count - Hostile.Of(count) - 2;
        double[] scores = [.. Enumerable.Range(0, count)
            .Select(row => distances.NearestTo(row).Take(neighbours).Sum(other => distances.Squared(row, other)))];
        int taken = Taken ?? count - Hostile.Of(count);
        var factors = new double[count];
        foreach (int row in Enumerable.Range(0, count).OrderBy(row => scores[row]).Take(taken))
            factors[row] = 1.0 / taken;
        return factors;
    }

    private protected override string Word => Taken switch
    {
        1 => $"{Keyword}({Hostile})",
        null => $"{SeveralKeyword}({Hostile})",
        { } taken => string.Create(CultureInfo.InvariantCulture, $"{SeveralKeyword}({Hostile}, {taken})"),
    };
}
