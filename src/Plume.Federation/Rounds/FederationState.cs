using System.Collections.Immutable;
using Plume.Federation.Budgets;
using Plume.Federation.Rounds.Buffering;
using Plume.Federation.Selection;

namespace Plume.Federation.Rounds;

/// <summary>What a federation is doing.</summary>
public enum Phase
{
    /// <summary>No round is open: too few clients are there, or the federation is paused.</summary>
    Waiting,

    /// <summary>Participants work; updates arrive.</summary>
    Collecting,

    /// <summary>The host applies the mean of the round.</summary>
    Applying,

    /// <summary>All rounds are done.</summary>
    Finished,

    /// <summary>A round could not find its quorum.</summary>
    Abandoned,

    /// <summary>It was stopped.</summary>
    Stopped,
}

/// <summary>Where one participant of the round stands.</summary>
public enum Standing
{
    /// <summary>Nothing heard yet.</summary>
    Asked,

    /// <summary>Its update is being decoded.</summary>
    Decoding,

    /// <summary>Its update is in the sum.</summary>
    Added,

    /// <summary>Its update was refused, or it is gone.</summary>
    Out,
}

/// <summary>All that a federation knows between two events: a value, so that keeping one is a checkpoint.</summary>
/// <param name="Phase">What it is doing.</param>
/// <param name="Current">The round at hand; while waiting, the one to open next, which has no participants yet.</param>
/// <param name="Standings">Each participant of the round and where it stands.</param>
/// <param name="Weights">The weights of the updates that were taken in, by client.</param>
public sealed record FederationState(
    Phase Phase,
    RoundPlan Current,
    ImmutableSortedDictionary<int, Standing> Standings,
    ImmutableSortedDictionary<int, double> Weights)
{
    /// <summary>Before the first event.</summary>
    public static FederationState Initial { get; } = new(
        Phase.Waiting,
        new RoundPlan(1, 1, 0, [], default),
        ImmutableSortedDictionary<int, Standing>.Empty,
        ImmutableSortedDictionary<int, double>.Empty);

    /// <summary>The clients that are there.</summary>
    public ImmutableSortedSet<int> Members { get; init; } = [];

    /// <summary>The norms of the round's updates that are in the sum, before they were bounded, by client.</summary>
    public ImmutableSortedDictionary<int, double> Norms { get; init; } = ImmutableSortedDictionary<int, double>.Empty;

    /// <summary>
    /// The rounds that each client took part in, where the plan promises privacy: what it has spent of its budget. Of clients
    /// that took part in none there is nothing.
    /// </summary>
    public ImmutableSortedDictionary<int, int> Participations { get; init; } = ImmutableSortedDictionary<int, int>.Empty;

    /// <summary>
    /// The round that each client took part in last, where the plan keeps participations apart
    /// (<see cref="Privacy.Matrix.MatrixMechanism"/>), or draws those that miss few versions
    /// (<see cref="FederationPlan.Selection"/>).
    /// </summary>
    public ImmutableSortedDictionary<int, int> LastRounds { get; init; } = ImmutableSortedDictionary<int, int>.Empty;

    /// <summary>The rounds of the client that took part in the most.</summary>
    public int MostParticipations => Participations.IsEmpty ? 0 : Participations.Values.Max();

    /// <summary>
    /// The median of those norms, of an even number the smaller of the two in the middle; 0 where there is none.
    /// </summary>
    public double MedianNorm => NormBound.LowerMedian(Norms.Values);

    /// <summary>The medians of the last rounds' norms, oldest first: what bounds the next round's.</summary>
    public ImmutableArray<double> RoundNorms { get; init; } = [];

    /// <summary>
    /// The step that the last secure sum says clients of the next round should share; null before the first, and where none are
    /// made.
    /// </summary>
    public float? SharedStep { get; init; }

    /// <summary>
    /// The norm that updates of the next round are clipped to, where that follows their norms; null before the first round has
    /// ended, when it is the uplink's, and elsewhere.
    /// </summary>
    public double? Clip { get; init; }

    /// <summary>
    /// The standard deviation of a value between the updates of the last rounds, where an <c>auto</c> takes its step from it;
    /// null before the first round has ended, and elsewhere. Each round moves it a quarter of the way, in octaves, to its own.
    /// </summary>
    public double? Spread { get; init; }

    /// <summary>Where it stands with the plan's budget of bytes; nothing is in it where the plan has none.</summary>
    public Spending Spending { get; init; } = Spending.Nothing;

    /// <summary>The members that let the deadlines of the last rounds that asked them pass; rounds ask them less.</summary>
    public ImmutableSortedDictionary<int, Absence> Absences { get; init; } = ImmutableSortedDictionary<int, Absence>.Empty;

    /// <summary>What clients were asked to do, where rounds are buffered: of all in <see cref="Standings"/>.</summary>
    public ImmutableSortedDictionary<int, AskedTask> Tasks { get; init; } = ImmutableSortedDictionary<int, AskedTask>.Empty;

    /// <summary>How many clients the round at hand has asked, where rounds are buffered.</summary>
    public int Asked { get; init; }

    /// <summary>How many of those that were to answer in the round at hand sent nothing that counts, where rounds are
    /// buffered.</summary>
    public int Failed { get; init; }

    /// <summary>A client's part in the round at hand.</summary>
    public RoundPart PartOf(int client) => Tasks.TryGetValue(client, out var task) ? task.Part : Current.PartOf(client);

    /// <summary>Whether a client's answer is still to come, or being decoded.</summary>
    public bool IsAtWork(int client) => Standings.GetValueOrDefault(client, Standing.Out) is Standing.Asked or Standing.Decoding;

    /// <summary>Rounds to run, where an operator gave it more than its plan has; null where it has those of the plan.</summary>
    public int? Rounds { get; init; }

    /// <summary>
    /// The round before whose first attempt clients gather: the first, and where a federation that was finished has more rounds
    /// the first of these, since its clients have left.
    /// </summary>
    public int Gathering { get; init; } = 1;

    /// <summary>Whether no further round may open; where rounds are buffered, whether no further client is asked.</summary>
    public bool IsPaused { get; init; }

    /// <summary>Whether nothing more will happen.</summary>
    public bool HasEnded => Phase is Phase.Finished or Phase.Abandoned or Phase.Stopped;

    /// <summary>Updates in the sum.</summary>
    public int Added => Standings.Count(entry => entry.Value == Standing.Added);

    internal bool Any(Standing standing) => Standings.ContainsValue(standing);
}
