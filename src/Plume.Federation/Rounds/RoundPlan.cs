namespace Plume.Federation.Rounds;

/// <summary>What is published to the participants of one round.</summary>
/// <param name="Round">From 1.</param>
/// <param name="Attempt">From 1; above where earlier participants did not answer in numbers.</param>
/// <param name="ModelVersion">The version to start from: 0 before the first round has ended.</param>
/// <param name="Participants">The clients asked, in ascending order; where rounds are buffered, those at work.</param>
/// <param name="Deadline">When the round closes with what has arrived; where rounds are buffered, when the first of those at work
/// is late.</param>
public sealed record RoundPlan(int Round, int Attempt, int ModelVersion, IReadOnlyList<int> Participants, DateTimeOffset Deadline)
{
    /// <summary>
    /// The norm that updates usually have: one above the plan's multiple of it counts as one of this norm. Null where there is no
    /// bound.
    /// </summary>
    public double? UsualNorm { get; init; }

    /// <summary>
    /// The step that its clients share, where their updates are added up in secret; null in the first round, whose step follows
    /// from the model, and elsewhere.
    /// </summary>
    public float? SharedStep { get; init; }

    /// <summary>How far updates of the last rounds were apart (<see cref="FederationState.Spread"/>); null where nothing follows
    /// from it.</summary>
    public double? Spread { get; init; }

    /// <summary>How hard a budget of bytes presses on its steps (<see cref="Budgets.Spending.Pressure"/>); 0 without one.</summary>
    public int Pressure { get; init; }

    /// <summary>The step of the version it makes, where a budget of bytes says it; null elsewhere.</summary>
    public float? ModelStep { get; init; }

    /// <summary>
    /// Bytes that the version it makes is to keep to, by a coarser step of the downlink's <c>auto</c> where its own takes more;
    /// null without a budget of bytes.
    /// </summary>
    public long? MostPayload { get; init; }

    /// <summary>A client's part in it.</summary>
    public RoundPart PartOf(int client) => new(Round, Attempt, client);
}
