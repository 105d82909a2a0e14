namespace Plume.Federation.Robustness;

/// <summary>The point whose distances from all messages, not squared, have the least sum.</summary>
/// <remarks>
/// Found by Weiszfeld's steps from the mean, to the last digits: three steps, as often taken, are far from it. A message that the
/// point falls on pulls as one that is a millionth of the usual distance away. Withstands fewer than half.
/// Source: Pillutla et al., "Robust Aggregation for Federated Learning", 2019, arXiv:1912.13445. Differs: messages count alike.
/// </remarks>
public sealed record GeometricMedian : RobustRule
{
    /// <summary>The word that names it.</summary>
    public const string Keyword = "geomedian";

    const int MostSteps = 10_000;
    const double Settled = 1e-13;
    const double Nearest = 1e-6;

    private protected override int FewestFor(int messages) => 1;

    internal override double[] Weigh(RowDistances distances)
    {
        int count = distances.Count;
        double[] factors = [.. Enumerable.Repeat(1.0 / count, count)];
        for (int step = 0; step < MostSteps; step++)
        {
            double[] away = distances.From(factors);
            double least = Nearest * away.Order().ElementAt(count / 2);
            if (least == 0)
                return factors;
            double[] pulls = [.. away.Select(distance => 1 / Math.Max(distance, least))];
            double all = pulls.Sum(), moved = 0;
            for (int row = 0; row < count; row++)
            {
                double next = pulls[row] / all;
                moved = Math.Max(moved, Math.Abs(next - factors[row]));
                factors[row] = next;
            }

            if (moved < Settled)
                break;
        }

        return factors;
    }

    private protected override string Word => Keyword;
}
