using Plume.Compression.Randomness;
using Plume.Federation.Rounds;
using Plume.Federation.SecureSums;

namespace Plume.Federation.SecureRounds;

/// <summary>Which of a round's participants are added up with which, each group in a secure sum of its own.</summary>
/// <remarks>
/// All in one, unless the plan's rule compares groups. Then participants are shuffled by a key of the attempt and dealt to as
/// many groups, whose sizes differ by one at most: fewer groups where the round asks too few for three clients in each.
/// </remarks>
public static class SumGroups
{
    /// <summary>The groups of an attempt, the clients of each in ascending order.</summary>
    /// <param name="plan">The federation's rules.</param>
    /// <param name="run">The run's key.</param>
    /// <param name="round">The attempt.</param>
    public static IReadOnlyList<IReadOnlyList<int>> Of(FederationPlan plan, RandomKey run, RoundPlan round)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(round);
        if (plan.Rule?.Groups is not { } most)
            return [round.Participants];
        int groups = Math.Clamp(round.Participants.Count / SumTerms.LeastMinimum, 1, most);
        int[] order = [.. round.Participants];
        new RandomDraws(DrawKeys.Shared(run, round).Fold("groups")).Shuffle<int>(order);
        return [.. Enumerable.Range(0, groups)
            .Select(group => order.Where((_, place) => place % groups == group).Order().ToArray())];
    }
}
