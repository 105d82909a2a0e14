using System.Collections.Immutable;
using Plume.Compression.Randomness;
using Plume.Federation.Budgets;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;

namespace Plume.Federation.Books;

/// <summary>
/// The books of a federation's rounds, the same under every host: the machine and its state, what is counted while a round runs,
/// what became of each update, which rounds are measured, and what a round did in figures. Without a clock: the time is given.
/// </summary>
/// <remarks>
/// An event is considered, and then entered. Between the two a host that must not forget writes it down; one that may, lets it
/// <see cref="Happen"/>. What the books say is a function of the events entered, so that entering them again makes the same
/// books. One caller at a time.
/// </remarks>
public sealed class RoundBooks
{
    readonly FederationPlan plan;
    readonly FederationMachine machine;

    // Of the attempt at hand.
    readonly Dictionary<int, UpdateArrived> arrived = [];

    // Of the round at hand, and of the one before it.
    readonly Dictionary<RoundPart, SettledPart> settled = [];
    RoundTally tally;

    /// <summary>Books in which nothing happened yet.</summary>
    /// <param name="plan">The rules.</param>
    /// <param name="run">The run's key.</param>
    /// <param name="modelNorm">The norm that counts as usual in the first round, as the plan's method says.</param>
    /// <param name="notes">How much of what there is to say of single updates is kept.</param>
    /// <param name="measureEvery">The model is measured after every so many rounds and after the last.</param>
    /// <param name="bytes">What messages take; needed where the plan has a budget of bytes.</param>
    /// <exception cref="ArgumentException">The plan breaks rules; the message has all of them.</exception>
    public RoundBooks(FederationPlan plan, RandomKey run, double modelNorm, NoteLimit notes, int measureEvery = 1,
        MessageBytes? bytes = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(measureEvery, 1);
        machine = new FederationMachine(plan, run, modelNorm, bytes);
        (this.plan, Notes, MeasureEvery, tally) = (plan, notes, measureEvery, new RoundTally(notes));
    }

    /// <summary>How much of what there is to say of single updates is kept.</summary>
    public NoteLimit Notes { get; }

    /// <summary>The model is measured after every so many rounds and after the last.</summary>
    public int MeasureEvery { get; }

    /// <summary>All that the rules know.</summary>
    public FederationState State { get; private set; } = FederationState.Initial;

    /// <summary>When the round at hand opened, its first attempt.</summary>
    public DateTimeOffset Opened { get; private set; }

    /// <summary>Lengths of the payloads that arrived in the round at hand.</summary>
    public long UplinkBytes => tally.UplinkBytes;

    /// <summary>Why updates of the round at hand did not come or do not count.</summary>
    public IReadOnlyList<string> Refused => tally.Refused;

    /// <summary>What an event would come to; nothing is entered.</summary>
    /// <exception cref="InvalidOperationException">The host reported something that it was not told to do.</exception>
    public BooksEntry Consider(FederationEvent happened, DateTimeOffset at)
    {
        var (next, commands) = machine.Step(State, happened, at);
        return new BooksEntry(happened, at, State, next, commands);
    }

    /// <summary>Enters an event that was considered in the state at hand.</summary>
    /// <exception cref="InvalidOperationException">Another was entered since.</exception>
    public void Enter(BooksEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!ReferenceEquals(entry.Before, State))
            throw new InvalidOperationException($"An event was considered before another one was entered: {entry.Happened}");
        State = entry.After;
        tally.Count(entry.Happened, entry.Commands);
        Settle(entry);
        if (entry.Happened is ModelApplied)
            Begin(entry.At);
        foreach (var publish in entry.Commands.OfType<PublishRound>())
        {
            arrived.Clear();
            if (publish.Plan.Attempt == 1)
                Begin(entry.At);
        }
    }

    /// <summary>Considers an event and enters it.</summary>
    public ImmutableArray<FederationCommand> Happen(FederationEvent happened, DateTimeOffset at)
    {
        var entry = Consider(happened, at);
        Enter(entry);
        return entry.Commands;
    }

    /// <summary>Goes on from a state between two rounds, or of a round that nobody has answered yet.</summary>
    /// <param name="state">The state.</param>
    /// <param name="at">The time.</param>
    /// <param name="answered">What became of the last round's updates.</param>
    public void Restore(FederationState state, DateTimeOffset at, IEnumerable<SettledPart> answered)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(answered);
        State = state;
        arrived.Clear();
        settled.Clear();
        foreach (var part in answered)
            settled[part.Part] = part;
        Begin(at);
    }

    /// <summary>Goes on where a federation of all its clients stands that has completed a number of rounds.</summary>
    /// <param name="norms">The median norm of each of those rounds.</param>
    /// <param name="at">The time.</param>
    /// <param name="carried">What else they left; null for nothing.</param>
    public void RestoreAfter(IReadOnlyList<double> norms, DateTimeOffset at, CarriedOver? carried = null)
    {
        ArgumentNullException.ThrowIfNull(norms);
        Restore(machine.After(norms.Count, norms, at, carried ?? CarriedOver.Nothing), at, []);
    }

    /// <summary>Whether the model is measured after a round.</summary>
    public bool IsMeasured(int round) => round % MeasureEvery == 0 || round == plan.RoundsIn(State) || machine.IsLast(State);

    /// <inheritdoc cref="FederationMachine.WhyNotExtended"/>
    public string? WhyNotExtended(int rounds, DateTimeOffset now) => machine.WhyNotExtended(State, rounds, now);

    /// <summary>Why there is no further round though not all are done; null where there is one, or where all are.</summary>
    public string? WhyEnded => plan.WhyEnded(State);

    /// <summary>
    /// The clients whose updates the round takes in and what each weighs, in the order of the clients: what the next version is a
    /// function of.
    /// </summary>
    public IReadOnlyCollection<KeyValuePair<int, double>> Contributions => State.Weights;

    /// <summary>A client's part in the attempt at hand.</summary>
    public RoundPart PartOf(int client) => State.PartOf(client);

    /// <summary>What the sums of the round's updates are divided by, for each capacity.</summary>
    public double[] WeightsByCapacity =>
        plan.WeightsByCapacity(State.Weights.Keys.Select(client => KeyValuePair.Create(client, arrived[client].Samples)));

    /// <summary>
    /// What became of an update of this round or the last; null where nothing is decided, or where it never arrived.
    /// </summary>
    public SettledPart? OutcomeOf(RoundPart part) => settled.TryGetValue(part, out var outcome) ? outcome : null;

    /// <summary>What became of the updates of a round, this one or the last, by attempt and client.</summary>
    public IReadOnlyList<SettledPart> SettledIn(int round) =>
        [.. settled.Values.Where(entry => entry.Round == round).OrderBy(entry => entry.Part.Attempt)
            .ThenBy(entry => entry.Part.Client)];

    /// <summary>What the round at hand did, when its mean is applied.</summary>
    /// <param name="measured">Of the model that it made; null where it was not measured.</param>
    /// <param name="downlinkBytes">Lengths of what clients downloaded.</param>
    /// <param name="seconds">That it took.</param>
    public RoundMetrics Figures(Evaluation? measured, long downlinkBytes, double seconds) =>
        new(State.Current.Round, measured?.Accuracy, measured?.Loss,
        tally.SumLoss ?? State.Weights.Keys.Select(client => arrived[client].Loss).DefaultIfEmpty(0).Average(),
        tally.UplinkBytes, downlinkBytes, seconds,
        State.Weights.Count, [.. tally.Refused], State.MedianNorm, [.. tally.Bounded])
        {
            MacroF1 = measured?.MacroF1,
            NextStep = State.SharedStep,
            Epsilon = plan.Privacy?.Spent(State.MostParticipations),
            Staleness = plan.Buffered is null ? null : Stalenesses.Average(),
            MostStale = plan.Buffered is null ? null : Stalenesses.Max(),
            Budget = plan.Budget is null ? null : BudgetFigures.Of(plan, State),
        };

    IEnumerable<int> Stalenesses =>
        State.Weights.Keys.Select(client => State.Current.ModelVersion - arrived[client].ModelVersion);

    void Begin(DateTimeOffset at) => (Opened, tally) = (at, new RoundTally(Notes));

    void Settle(BooksEntry entry)
    {
        var before = entry.Before;
        switch (entry.Happened)
        {
            // Where rounds are buffered, one that is refused may settle its client's part.
            case UpdateArrived update when entry.IsChange && entry.Refusal is { } refusal:
                Settle(before, update.Client, refusal.Message);
                break;
            case UpdateArrived update when entry.IsChange:
                arrived[update.Client] = update;
                break;
            case UpdateAdded added:
                Settle(before, added.Client, null);
                break;
            case UpdateInvalid invalid:
                Settle(before, invalid.Client, entry.Refusal!.Message);
                break;
            case SumRevealed:
                foreach (int client in entry.After.Weights.Keys)
                    Settle(before, client, null);
                break;
            case ModelApplied:
                foreach (var old in settled.Values.Where(old => old.Round < before.Current.Round).ToList())
                    settled.Remove(old.Part);
                break;
        }
    }

    void Settle(FederationState before, int client, string? problem)
    {
        var part = before.PartOf(client);
        settled[part] = new SettledPart(part, problem) { Round = before.Current.Round };
    }
}
