using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;
using Plume.Federation.SecureSums;

namespace Plume.Federation.SecureRounds;

/// <summary>
/// What the participants of an attempt at a round are told, all of them alike, so that their messages can be added up in secret.
/// Clients that were told different things share no mask.
/// </summary>
/// <param name="Round">The round.</param>
/// <param name="Attempt">Its attempt.</param>
/// <param name="ModelVersion">The version to start from.</param>
/// <param name="Participants">Who is asked and added up together, in ascending order.</param>
/// <param name="Quorum">Updates that the sum needs.</param>
/// <param name="Shared">Where all draw positions and rotation from.</param>
/// <param name="Step">The step that all have.</param>
/// <param name="Objective">What all minimize.</param>
public sealed record SecureTask(int Round, int Attempt, int ModelVersion, IReadOnlyList<int> Participants, int Quorum,
    RandomKey Shared, float Step, LocalObjective Objective)
{
    /// <summary>Most samples that an update can weigh; null where all weigh the same.</summary>
    public int? SampleCap { get; init; }

    /// <summary>
    /// The noise that clients add together, as a multiple of the norm that each keeps to; null where they add none.
    /// </summary>
    public double? Noise { get; init; }

    /// <summary>Tells sessions of one attempt apart: keys of another are of no use in it.</summary>
    public long Session { get; init; }

    /// <summary>Whether clients sign their keys with P-256, so that they know each other.</summary>
    public bool IsSigned { get; init; }

    /// <summary>The task of a round by a plan.</summary>
    /// <param name="plan">The federation's rules.</param>
    /// <param name="run">The run's key.</param>
    /// <param name="round">The round.</param>
    /// <param name="step">The step that its clients share.</param>
    public static SecureTask Of(FederationPlan plan, RandomKey run, RoundPlan round, float step)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(round);
        return new SecureTask(round.Round, round.Attempt, round.ModelVersion, round.Participants, plan.Quorum,
            DrawKeys.Shared(run, round), step, plan.ObjectiveIn(round.Round))
        {
            SampleCap = plan.Method.WeighsSamples ? plan.SampleCap : null,
            Noise = plan.Privacy?.Noise,
        };
    }

    /// <summary>The tasks of a round by a plan, one for each group of its participants, who know of their own alone.</summary>
    /// <param name="plan">The federation's rules.</param>
    /// <param name="run">The run's key.</param>
    /// <param name="round">The round.</param>
    /// <param name="step">The step that all clients share.</param>
    public static IReadOnlyList<SecureTask> AllOf(FederationPlan plan, RandomKey run, RoundPlan round, float step)
    {
        var whole = Of(plan, run, round, step);
        var groups = SumGroups.Of(plan, run, round);
        return groups.Count == 1 ? [whole]
            : [.. groups.Select(group => whole with { Participants = group, Quorum = SumTerms.LeastMinimum })];
    }

    /// <summary>The weight with which an update of so many samples counts, and by which it is multiplied before it is
    /// encoded.</summary>
    public double WeightOf(int samples) =>
        SecureRound.WeightOf(SampleCap is { } cap ? (double)Math.Min(samples, cap) / cap : 1);

    /// <summary>All of it as text, of which sessions have a hash.</summary>
    internal string Text => FormattableString.Invariant(
        $"round {Round}, attempt {Attempt}, session {Session}, version {ModelVersion}, of {string.Join(' ', Participants)}\n")
        + FormattableString.Invariant($"quorum {Quorum}, sample cap {SampleCap}, signed {IsSigned}\n")
        + FormattableString.Invariant($"shared {Shared.Value}, step {Step:R}\n")
        + (Noise is { } noise ? FormattableString.Invariant($"noise {noise:R}\n") : "")
        + FormattableString.Invariant(
            $"{Objective.Epochs} {Objective.BatchSize} {Objective.LearningRate:R} {Objective.Optimizer} {Objective.Momentum:R} ")
        + FormattableString.Invariant($"{Objective.WeightDecay:R} {Objective.Proximal:R}\n")
        + (Objective.BalancesClasses ? "balances classes\n" : "");
}
