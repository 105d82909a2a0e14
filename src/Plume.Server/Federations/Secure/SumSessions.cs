using Plume.Compression.Aggregation;
using Plume.Federation.Models;
using Plume.Federation.Rounds;
using Plume.Federation.SecureRounds;
using Plume.Federation.SecureSums;
using Plume.Server.Federations.Definitions;

namespace Plume.Server.Federations.Secure;

/// <summary>Begins sessions, and reveals their sums.</summary>
/// <param name="definition">The federation.</param>
/// <param name="firstStep">The step of the first round.</param>
/// <param name="isSigned">Whether clients sign their keys.</param>
/// <param name="published">What is published to clients of a capacity.</param>
sealed class SumSessions(FederationDefinition definition, float firstStep, bool isSigned,
    Func<int, ReadOnlyMemory<float>> published)
{
    /// <summary>A session of an attempt, from its first trip on.</summary>
    public SumSession Begin(RoundPlan plan, long number, DateTimeOffset deadline)
    {
        var rounds = RoundsOf(plan, number);
        return new SumSession(rounds[0], new GroupSums(rounds, definition.Plan), [.. plan.Participants])
        {
            Deadline = deadline,
            IsGrouped = SumGroups.AreIn(definition.Plan),
        };
    }

    /// <summary>A session whose last trip is open.</summary>
    /// <exception cref="Compression.Wire.InvalidPayloadException">The bytes are not one of this attempt.</exception>
    public SumSession Restore(RoundPlan plan, long number, DateTimeOffset deadline, byte[] bytes)
    {
        var rounds = RoundsOf(plan, number);
        return new SumSession(rounds[0], GroupSums.Restore(rounds, definition.Plan, bytes), [.. plan.Participants], isFixed: true)
        {
            Deadline = deadline,
            IsGrouped = SumGroups.AreIn(definition.Plan),
        };
    }

    /// <summary>Takes the masks off sums for which there are shares enough.</summary>
    /// <returns>The sums and what they come to, or why they cannot be had.</returns>
    public (RevealedSums? Sums, SumOutcome? Outcome, string? Problem) Reveal(SumSession session, RoundPlan plan)
    {
        try
        {
            var sums = session.Server.Finish(Environment.ProcessorCount);
            return (sums, SumOutcome.Of(sums, definition.Plan, definition.Layout, plan, NewSum(definition)), null);
        }
        catch (SumLostException lost)
        {
            return (null, null, lost.Message);
        }
    }

    /// <summary>A sum of zeros, as a simulation has it.</summary>
    public static ExactSum NewSum(FederationDefinition definition) =>
        new(RoundSum.LengthOf(definition.Plan, definition.Layout), definition.Plan.MostContributors);

    IReadOnlyList<SecureRound> RoundsOf(RoundPlan plan, long number) => SecureRound.AllOf(
        SecureTask.AllOf(definition.Plan, definition.Key, plan, plan.SharedStep ?? firstStep)
            .Select(task => task with { Session = number, IsSigned = isSigned }),
        definition.Plan, definition.Layout, published);
}
