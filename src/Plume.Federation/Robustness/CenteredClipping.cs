using System.Globalization;

namespace Plume.Federation.Robustness;

/// <summary>
/// Goes from no change towards the messages, of which none pulls with more than a radius: in each step the point moves by the
/// mean of the differences from it, each cut to the radius.
/// </summary>
/// <remarks>
/// Source: Karimireddy, He and Jaggi, "Learning from History for Byzantine Robust Optimization", ICML 2021, arXiv:2012.10333.
/// Differs: the point begins at zero, for an update is a change already, and the radius is the median of the messages' norms
/// unless it is said, so that there is none to tune. Withstands fewer than half.
/// </remarks>
/// <param name="Radius">The radius; null for the median of the norms.</param>
/// <param name="Steps">Steps, from 1.</param>
public sealed record CenteredClipping(double? Radius, int Steps) : RobustRule
{
    /// <summary>The word that names it.</summary>
    public const string Keyword = "centered";

    /// <summary>Steps unless it says others.</summary>
    public const int UsualSteps = 3;

    private protected override int FewestFor(int messages) => 1;

    internal override double[] Weigh(RowDistances distances)
    {
        int count = distances.Count;
        var factors = new double[count];
        double radius = Radius ?? Enumerable.Range(0, count).Select(distances.Norm).Order().ElementAt((count - 1) / 2);
        for (int step = 0; step < Steps; step++)
        {
            double[] away = distances.From(factors);
            double[] cuts = [.. away.Select(distance => distance > radius ? radius / distance : 1)];
            double kept = 1 - cuts.Sum() / count;
            for (int row = 0; row < count; row++)
                factors[row] = factors[row] * kept + cuts[row] / count;
        }

        return factors;
    }

    private protected override string Word
    {
        get
        {
            var arguments = new List<string>();
            if (Radius is { } radius)
                arguments.Add(radius.ToString(CultureInfo.InvariantCulture));
            if (Steps != UsualSteps)
                arguments.Add(string.Create(CultureInfo.InvariantCulture, $"steps={Steps}"));
            return arguments.Count == 0 ? Keyword : $"{Keyword}({string.Join(", ", arguments)})";
        }
    }
}
