using System.Globalization;
using Plume.Federation.Robustness;

namespace Plume.Federation.Models;

/// <summary>What there is to say of what a rule made of single messages.</summary>
static class RuleNotes
{
    const double Little = 0.5;
    const double Far = 3;

    /// <summary>
    /// Which messages the rule left out or cut to less than half of an equal part, and which are far from what it made, in
    /// sentences.
    /// </summary>
    public static IEnumerable<string> Of(RobustRule rule, RobustOutcome outcome, Func<int, string> nameOf)
    {
        int count = outcome.Distances.Length;
        double median = outcome.Distances.Order().ElementAt((count - 1) / 2);
        for (int row = 0; row < count; row++)
        {
            if (outcome.Factors is { } factors && factors[row] < Little / count)
                yield return factors[row] <= 0 ? $"'{rule}' left the {nameOf(row)} out."
                    : string.Create(CultureInfo.InvariantCulture,
                        $"'{rule}' took {factors[row] * count:P0} of an equal part of the {nameOf(row)}.");
            else if (outcome.Distances[row] > Far * median)
                yield return string.Create(CultureInfo.InvariantCulture,
                    $"The {nameOf(row)} is {outcome.Distances[row] / median:0.0} times as far as the median one from what "
                        + $"'{rule}' made of the round.");
        }
    }
}
