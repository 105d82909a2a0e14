using System.Collections.Immutable;
using Plume.Compression.Randomness;
using Plume.Federation.Budgets;
using Plume.Federation.Rounds.Budgeting;
using Plume.Federation.Rounds.Buffering;
using Plume.Federation.Rounds.Extending;
using Plume.Federation.Rounds.Selecting;
using Plume.Federation.Selection;

namespace Plume.Federation.Rounds;

/// <summary>
/// The rules of a federation as a pure function: a state, an event and the time go in; the next state and the host's
/// commands come out. No clock, no I/O, no chance but the key's. The simulator and a server differ only in who calls it.
/// </summary>
/// <remarks>
/// Promises: an update counts once or not at all; nothing of another round counts; a round closes once, with a quorum or
/// more; a refused update names its client and its rule. Where no deadline is missed, whom a round asks is a function of the
/// key and the members alone, and where the plan has a selection of who was in which sum.
/// </remarks>
public sealed class FederationMachine
{
    readonly FederationPlan plan;
    readonly RandomKey key;
    readonly double modelNorm;
    readonly BufferRules? buffered;
    readonly BudgetRules? budget;

    /// <summary>A machine for one plan.</summary>
    /// <param name="plan">The rules.</param>
    /// <param name="key">Where selection draws from.</param>
    /// <param name="modelNorm">The norm that counts as usual in the first round, as the plan's
    /// <see cref="Methods.Method.UsualNorm"/> says.</param>
    /// <param name="bytes">What messages take; needed where the plan has a budget of bytes.</param>
    /// <exception cref="ArgumentException">The plan breaks rules; the message has all of them.</exception>
    public FederationMachine(FederationPlan plan, RandomKey key, double modelNorm, MessageBytes? bytes = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        string problems = string.Join(" ", plan.Problems());
        if (problems.Length > 0)
            throw new ArgumentException(problems, nameof(plan));
        (this.plan, this.key, this.modelNorm) = (plan, key.Fold("selection"), modelNorm);
        budget = plan.Budget is null ? null
            : new BudgetRules(plan, bytes ?? throw new ArgumentException("A budget needs to know what messages take.", nameof(bytes)));
        buffered = plan.Buffered is { } rhythm ? new BufferRules(plan, rhythm, this.key, modelNorm) : null;
    }

    /// <summary>
    /// The state of a federation of all its clients that has completed a number of rounds: its next round is open.
    /// </summary>
    /// <param name="rounds">Rounds completed.</param>
    /// <param name="norms">The median norm of each of them.</param>
    /// <param name="now">The time.</param>
    /// <param name="carried">What else they left.</param>
    public FederationState After(int rounds, IEnumerable<double> norms, DateTimeOffset now, CarriedOver carried)
    {
        ArgumentNullException.ThrowIfNull(carried);
        if (buffered is not null && rounds < plan.Rounds)
            return buffered.Open(FederationState.Initial with
            {
                Members = Everyone,
                Spread = carried.Spread,
                RoundNorms = [.. norms.TakeLast(NormBound.Window)],
                Standings = carried.AtWork.ToImmutableSortedDictionary(part => part.Client, _ => Standing.Asked),
                Tasks = carried.AtWork
                    .ToImmutableSortedDictionary(part => part.Client, part => new AskedTask(part, now + plan.Deadline)),
            }, rounds + 1, now).State;
        var spent = FederationState.Initial with
        {
            Participations = carried.Participations,
            LastRounds = carried.LastRounds,
            Clip = carried.Clip,
            Spending = carried.Spending,
        };
        if (rounds == 0)
            spent = BudgetRules.Begun(plan, spent);
        return rounds < plan.Rounds && Suffices(spent, rounds + 1, now)
            ? Open(spent with
            {
                Members = Everyone,
                SharedStep = carried.SharedStep,
                Spread = carried.Spread,
                RoundNorms = [.. norms.TakeLast(NormBound.Window)],
            }, rounds + 1, attempt: 1, now).State
            : Ended(spent with { Current = new RoundPlan(rounds, 1, rounds - 1, [], default) });
    }

    /// <summary>Takes one event.</summary>
    /// <exception cref="InvalidOperationException">The host reported something that it was not told to do.</exception>
    public (FederationState State, ImmutableArray<FederationCommand> Commands) Step(FederationState state,
        FederationEvent happened, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        return buffered is not null && happened is not Extended ? buffered.Step(state, happened, now) : happened switch
        {
            Started => OpenIfReady(BudgetRules.Begun(plan, state) with { Members = Everyone }, now),
            ClientJoined joined => OpenIfReady(state with { Members = state.Members.Add(joined.Client) }, now),
            ClientLeft left => Ignore(state with { Members = state.Members.Remove(left.Client) }),
            PlaceVacated vacated => Drop(Absences.Vacated(Forgotten(state, vacated.Client) with
            {
                Members = state.Members.Remove(vacated.Client),
            }, vacated), vacated.Client, now),
            Paused => Ignore(state with { IsPaused = true }),
            Resumed => OpenIfReady(state with { IsPaused = false }, now),
            Extended more => Ignore(WhyNotExtended(state, more.Rounds, now) is null ? Extension.Of(state, more.Rounds) : state),
            Stopped => state.HasEnded ? Ignore(state) : (state with { Phase = Phase.Stopped }, [new Finish()]),
            UpdateArrived update => Arrive(state, update),
            UpdateAdded added => Add(state, added, now),
            UpdateInvalid invalid => Refuse(state, invalid, now),
            ClientDropped dropped => Drop(BudgetRules.Dropped(plan,
                dropped.IsMissed ? Absences.Missed(state, dropped.Client) : state, dropped.Client, dropped.Sent), dropped.Client,
                now),
            // With a month some budgets are whole again.
            TimePassed when budget is not null && state.Phase == Phase.Waiting => OpenIfReady(state, now),
            TimePassed => Settle(state, now),
            SumClosed sum => (PrivacyBudget.Debited(plan, SecureSteps.Close(plan, state, sum)),
                [new ApplyMean(state.Current.Round, sum.Clients.Count, sum.Clients)]),
            SumRevealed sum => Ignore(SecureSteps.Reveal(state, sum)),
            SumLost when state.Phase == Phase.Applying =>
                (SecureSteps.Pass(state), [new ApplyMean(state.Current.Round, 0, [])]),
            SumLost lost => TryAgain(SecureSteps.Lose(plan, state, lost),
                $"The secure sum of round {state.Current.Round} was lost in the last of {plan.Attempts} attempts: {lost.Problem}",
                now),
            ModelApplied applied => Advance(Published(state with
            {
                Clip = applied.NextClip ?? state.Clip,
                Spread = applied.Spread ?? state.Spread,
            }, applied, now), now),
            _ => throw new ArgumentException($"There is no event {happened}.", nameof(happened)),
        };
    }

    FederationState Forgotten(FederationState state, int client) =>
        CheapRules.Vacated(plan, BudgetRules.Forgotten(state, client), client);

    ImmutableSortedSet<int> Everyone => [.. Enumerable.Range(0, plan.Clients)];

    (FederationState State, ImmutableArray<FederationCommand> Commands) OpenIfReady(FederationState state, DateTimeOffset now)
    {
        int needed = plan.NeededIn(state);
        return state.Phase == Phase.Waiting && !state.IsPaused && Askable(state, state.Current.Round, now).Members.Count >= needed
            ? Open(state, state.Current.Round, state.Current.Attempt, now)
            : Ignore(state);
    }

    (FederationState State, ImmutableArray<FederationCommand> Commands) Open(FederationState state, int round, int attempt,
        DateTimeOffset now)
    {
        int[] participants = plan.Fixed is { } lists
            ? [.. PrivacyBudget.Askable(plan, state, round, lists[round - 1]).Order()]
            : Select(state, Absences.Candidates(Askable(state, round, now), plan.Quorum), round, attempt, now);
        if (budget is not null)
            (state, participants) = budget.Reserve(state, participants, round, now, DrawOf(round, attempt).Fold("budget"));
        var next = new RoundPlan(round, attempt, round - 1, participants, now + plan.Deadline)
        {
            UsualNorm = state.Clip ?? plan.ClipNorm
                ?? (plan.NormBound is null ? null : NormBound.Usual(state.RoundNorms, modelNorm)),
            SharedStep = state.SharedStep,
            Spread = state.Spread,
            Pressure = state.Spending.Pressure,
            ModelStep = state.Spending.ModelStep,
            MostPayload = budget?.MostPayload(state, round, participants.Length, now),
        };
        return (state with
        {
            Phase = Phase.Collecting,
            Current = next,
            Standings = participants.ToImmutableSortedDictionary(client => client, _ => Standing.Asked),
            Weights = FederationState.Initial.Weights,
            Norms = FederationState.Initial.Norms,
            Absences = Absences.Shorter(state.Absences),
        }, [new PublishRound(next)]);
    }

    // The state as if only those members were there that may be in the round.
    FederationState Askable(FederationState state, int round, DateTimeOffset now) =>
        budget is not null ? state with { Members = [.. budget.Affordable(state, state.Members, now)] }
        : plan.Privacy is null ? state
        : state with { Members = [.. PrivacyBudget.Askable(plan, state, round, state.Members)] };

    bool Suffices(FederationState state, int round, DateTimeOffset now) =>
        PrivacyBudget.Suffices(plan, state, round) && (budget is null || budget.Suffices(state, round, now));

    // Before the last round by a budget only.
    FederationState Ended(FederationState state) => state with
    {
        Phase = Phase.Finished,
        Spending = budget is null || state.Current.Round >= plan.RoundsIn(state) ? state.Spending
            : state.Spending with { EndedAfter = state.Spending.EndedAfter ?? state.Current.Round },
    };

    FederationState Published(FederationState state, ModelApplied applied, DateTimeOffset now) => budget is null ? state
        : budget.Published(state, applied.Bytes ?? throw new InvalidOperationException(
            "A model was applied, and nobody says what it costs, though there is a budget."), now);

    /// <summary>Whether the round at hand is the last that the budget of the clients has, once its updates are counted.</summary>
    public bool IsLast(FederationState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Current.Round >= plan.RoundsIn(state) || !Suffices(state, state.Current.Round + 1, now: default);
    }

    /// <summary>Why a federation cannot have so many rounds, those that are done included; null where it can.</summary>
    /// <param name="state">How it stands.</param>
    /// <param name="rounds">All of them.</param>
    /// <param name="now">The time.</param>
    public string? WhyNotExtended(FederationState state, int rounds, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        return Extension.Misfit(plan, state, rounds)
            ?? (state.Phase != Phase.Finished || Suffices(state, state.Current.Round + 1, now) ? null
                : plan.WhyEnded(Ended(state with { Rounds = rounds })));
    }

    RandomKey DrawOf(int round, int attempt) => key.Fold((ulong)round).Fold((ulong)attempt);

    int[] Select(FederationState state, ImmutableSortedSet<int> members, int round, int attempt, DateTimeOffset now)
    {
        int asked = Math.Min((int)Math.Ceiling(plan.Participants * plan.OverSelection), members.Count);
        var draw = DrawOf(round, attempt);
        if (budget is { DrawsByNeed: true })
            return [.. budget.ByNeed(state, members, now, draw).Take(asked).Order()];
        int[] places = plan.Selection is { } selection
            ? selection.Select(members.Count, asked, draw, place => state.LastRounds.GetValueOrDefault(members[place]))
            : plan.Uplink.IsSecure && plan.Method.Capacities.Count > 1
            ? UniformSelection.Select(members.Count, asked, draw, place => plan.Method.CapacityOf(members[place]),
                SecureUplink.FewestOfCapacity(plan))
            : UniformSelection.Select(members.Count, asked, draw);
        return [.. places.Select(place => members[place])];
    }

    // The next round, or the next attempt at this one, opens at once or when enough clients are there.
    (FederationState State, ImmutableArray<FederationCommand> Commands) Next(FederationState state, int round, int attempt,
        DateTimeOffset now) =>
        OpenIfReady(state with
        {
            Phase = Phase.Waiting,
            Current = new RoundPlan(round, attempt, round - 1, [], default),
            Standings = FederationState.Initial.Standings,
            Weights = FederationState.Initial.Weights,
            Norms = FederationState.Initial.Norms
        }, now);

    (FederationState, ImmutableArray<FederationCommand>) Arrive(FederationState state, UpdateArrived update)
    {
        var current = state.Current;
        var (reason, message) = update switch
        {
            _ when update.Round != current.Round || update.Attempt != current.Attempt =>
                (Refusal.Stale, $"round {current.Round}, attempt {current.Attempt} is open, but the update is of round "
                    + $"{update.Round}, attempt {update.Attempt}"),
            _ when state.Phase != Phase.Collecting => (Refusal.Late, $"round {current.Round} has closed"),
            _ when !state.Standings.TryGetValue(update.Client, out var standing) =>
                (Refusal.NotAsked, $"round {current.Round} did not ask for it"),
            _ when state.Standings[update.Client] != Standing.Asked =>
                (Refusal.Duplicate, $"the client's part in round {current.Round} is settled"),
            _ when update.ModelVersion != current.ModelVersion =>
                (Refusal.WrongVersion, $"round {current.Round} starts from version {current.ModelVersion}, not "
                    + $"{update.ModelVersion}"),
            _ when update.Samples < 1 => (Refusal.Samples, $"its samples must be 1 or more, but are {update.Samples}"),
            _ => (default(Refusal?), ""),
        };
        // It has travelled, whether it counts or not.
        if (budget is not null && (update.Round, update.Attempt) == (current.Round, current.Attempt))
            state = BudgetRules.Arrived(state, update.Client, update.Length);
        if (reason is { } refusal)
            return (state, [new RefuseUpdate(update.Client, update.Round, refusal,
                $"The update of client {update.Client} is refused: {message}.")]);
        double weight = plan.WeightOf(update.Samples);
        ImmutableArray<FederationCommand> add = [new AddUpdate(update.Client, weight)];
        return (Stand(state, update.Client, Standing.Asked, Standing.Decoding) with
        { Weights = state.Weights.SetItem(update.Client, weight) },
            plan.CapOn(update.Samples) is { } capped
                ? add.Add(new ReportBounded(update.Client, update.Round,
                    $"The update of client {update.Client} in round {update.Round} {capped}")) : add);
    }

    (FederationState, ImmutableArray<FederationCommand>) Add(FederationState state, UpdateAdded added, DateTimeOffset now)
    {
        var standing = CheapRules.Answered(plan, Stand(state, added.Client, Standing.Decoding, Standing.Added), added.Client);
        var (next, commands) = Settle(standing with
        { Norms = state.Norms.SetItem(added.Client, added.Norm), Absences = state.Absences.Remove(added.Client) }, now);
        return (next, NormBound.ReportOn(added, state.Current, plan) is { } bounded ? commands.Insert(0, bounded) : commands);
    }

    (FederationState, ImmutableArray<FederationCommand>) Refuse(FederationState state, UpdateInvalid invalid, DateTimeOffset now)
    {
        var refused = Stand(state, invalid.Client, Standing.Decoding, Standing.Out);
        var (next, commands) = Settle(refused with { Weights = refused.Weights.Remove(invalid.Client) }, now);
        string message = $"The update of client {invalid.Client} is refused: {invalid.Problem}";
        return (next, commands.Insert(0, new RefuseUpdate(invalid.Client, state.Current.Round, Refusal.Invalid, message)));
    }

    (FederationState, ImmutableArray<FederationCommand>) Drop(FederationState state, int client, DateTimeOffset now) =>
        state.Phase == Phase.Collecting && state.Standings.GetValueOrDefault(client, Standing.Out) == Standing.Asked
            ? Settle(Stand(state, client, Standing.Asked, Standing.Out), now)
            : Ignore(state);

    // Closes the round when it has all it wanted, or all it will get, or its time is up; never while an update is being
    // decoded, because that one was taken in.
    (FederationState, ImmutableArray<FederationCommand>) Settle(FederationState state, DateTimeOffset now)
    {
        if (state.Phase != Phase.Collecting || state.Any(Standing.Decoding))
            return Ignore(state);
        int added = state.Added;
        int wanted = plan.WantedOf(state.Standings.Count);
        bool ended = !state.Any(Standing.Asked) || now >= state.Current.Deadline;
        if (added < wanted && ended && plan.Fixed is null)
            state = Absences.Missed(state);
        if (added >= wanted || (ended && added >= plan.Quorum))
            return (PrivacyBudget.Debited(plan, state) with { Phase = Phase.Applying },
                [new ApplyMean(state.Current.Round, state.Weights.Values.Sum(), [.. state.Weights.Keys])]);
        if (!ended)
            return Ignore(state);
        return TryAgain(state, $"Round {state.Current.Round} needs {plan.Quorum} updates, but got {added} in the last of "
            + $"{plan.Attempts} attempts.", now);
    }

    (FederationState, ImmutableArray<FederationCommand>) TryAgain(FederationState state, string problem, DateTimeOffset now) =>
        state.Current.Attempt >= plan.Attempts
        ? (state with { Phase = Phase.Abandoned }, [new Abandon(state.Current.Round, problem)])
        : budget is null || budget.Suffices(state, state.Current.Round, now)
        ? Next(state, state.Current.Round, state.Current.Attempt + 1, now)
        : (Ended(state with { Spending = state.Spending with { EndedAfter = state.Current.ModelVersion } }), [new Finish()]);

    (FederationState, ImmutableArray<FederationCommand>) Advance(FederationState state, DateTimeOffset now)
    {
        if (state.Phase == Phase.Stopped)
            return Ignore(state);
        if (state.Phase != Phase.Applying)
            throw new InvalidOperationException($"A model was applied while the federation is {state.Phase}.");
        var done = state with { RoundNorms = NormBound.Remember(state.RoundNorms, state.MedianNorm) };
        return state.Current.Round < plan.RoundsIn(state) && Suffices(state, state.Current.Round + 1, now)
            ? Next(done, state.Current.Round + 1, attempt: 1, now)
            : (Ended(done), [new Finish()]);
    }

    internal static FederationState Stand(FederationState state, int client, Standing from, Standing to) =>
        state.Standings.TryGetValue(client, out var standing) && standing == from
            ? state with { Standings = state.Standings.SetItem(client, to) }
            : throw new InvalidOperationException(
                $"Client {client} cannot become {to} in round {state.Current.Round}: it is not {from}.");

    static (FederationState, ImmutableArray<FederationCommand>) Ignore(FederationState state) => (state, []);
}
