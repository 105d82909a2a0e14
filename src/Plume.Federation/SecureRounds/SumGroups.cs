using System.Globalization;
using Plume.Compression.Randomness;
using Plume.Federation.Rounds;
using Plume.Federation.SecureSums;

namespace Plume.Federation.SecureRounds;

/// <summary>Which of a round's participants are added up with which, each group in a secure sum of its own.</summary>
/// <remarks>
/// All in one, unless the method has clients of several capacities, whose words are of different models: then those of each
/// capacity, and a capacity of which fewer than three are asked is left out of the round. Or unless the plan's rule compares
/// groups: then participants are shuffled by a key of the attempt and dealt to as many groups, whose sizes differ by one at
/// most, and to fewer where the round asks too few for three clients in each.
/// </remarks>
public static class SumGroups
{
    /// <summary>Whether a plan's participants may be in several groups.</summary>
    public static bool AreIn(FederationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return plan.Rule?.Groups is not null || plan.Method.Capacities.Count > 1;
    }

    // What the operator is told of a group.
    internal static string NameOf(FederationPlan plan, SecureTask task, int number) => plan.Method.Capacities.Count > 1
        ? $"capacity {plan.Method.Capacities[plan.Method.CapacityOf(task.Participants[0])]}"
        : string.Create(CultureInfo.InvariantCulture, $"group {number + 1}");

    /// <summary>The groups of an attempt, the clients of each in ascending order.</summary>
    /// <param name="plan">The federation's rules.</param>
    /// <param name="run">The run's key.</param>
    /// <param name="round">The attempt.</param>
    public static IReadOnlyList<IReadOnlyList<int>> Of(FederationPlan plan, RandomKey run, RoundPlan round)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(round);
        if (plan.Method.Capacities.Count > 1)
            return [.. round.Participants.GroupBy(plan.Method.CapacityOf).OrderBy(group => group.Key)
                .Select(group => group.ToArray())];
        if (plan.Rule?.Groups is not { } most)
            return [round.Participants];
        int groups = Math.Clamp(round.Participants.Count / SumTerms.LeastMinimum, 1, most);
        int[] order = [.. round.Participants];
        new RandomDraws(DrawKeys.Shared(run, round).Fold("groups")).Shuffle<int>(order);
        return [.. Enumerable.Range(0, groups)
            .Select(group => order.Where((_, place) => place % groups == group).Order().ToArray())];
    }
}
