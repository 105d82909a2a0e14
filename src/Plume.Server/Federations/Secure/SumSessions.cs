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
/// <param name="published">What is published.</param>
sealed class SumSessions(FederationDefinition definition, float firstStep, bool isSigned, Func<ReadOnlyMemory<float>> published)
{
    /// <summary>A session of an attempt, from its first trip on.</summary>
    public SumSession Begin(RoundPlan plan, long number, DateTimeOffset deadline)
    {
        var round = RoundOf(plan, number);
        return new SumSession(round, new SumServer(round.Terms)) { Deadline = deadline };
    }

    /// <summary>A session whose last trip is open.</summary>
    /// <exception cref="Compression.Wire.InvalidPayloadException">The bytes are not one of this attempt.</exception>
    public SumSession Restore(RoundPlan plan, long number, DateTimeOffset deadline, byte[] bytes)
    {
        var round = RoundOf(plan, number);
        return SumSession.Unmasking(round, SumServer.Restore(round.Terms, bytes), deadline);
    }

    /// <summary>Takes the masks off a sum for which there are shares enough.</summary>
    /// <returns>The sum as it counts, or why it cannot be had.</returns>
    public (BoundedSum? Sum, string? Problem) Reveal(SumSession session, RoundPlan plan)
    {
        try
        {
            uint[] words = session.Server.Finish(Environment.ProcessorCount);
            var revealed = session.Round.Reveal(words, session.Server.Contributing.Count);
            var bounded = BoundedSum.Of(revealed, definition.Plan, plan);
            bounded.AddTo(NewSum(definition));
            return (bounded, null);
        }
        catch (SumLostException lost)
        {
            return (null, lost.Message);
        }
    }

    /// <summary>A sum of zeros, as a simulation has it.</summary>
    public static ExactSum NewSum(FederationDefinition definition) =>
        new(RoundSum.LengthOf(definition.Plan, definition.Layout), definition.Plan.MostContributors);

    SecureRound RoundOf(RoundPlan plan, long number) => new(
        SecureTask.Of(definition.Plan, definition.Key, plan, plan.SharedStep ?? firstStep) with
        {
            Session = number,
            IsSigned = isSigned,
        },
        definition.Plan.Method, definition.Plan.Uplink, definition.Layout, published().Span);
}
