using System.Collections.Immutable;
using Plume.Compression.Randomness;

namespace Plume.Federation.Rounds.Buffering;

/// <summary>
/// The machine's rules where rounds are buffered: a round is what one version takes, it closes when it has its updates, and
/// clients at work stay at work over that.
/// </summary>
/// <remarks>
/// Promises: an update counts once or not at all; a version is made of as many updates as the plan says, each of another
/// client, or where nobody is left to ask of fewer, a quorum at least; who is asked next is a function of the key, of what was
/// settled before, and of the members alone. Deadlines are those of single clients.
/// </remarks>
/// <param name="plan">The rules of the federation.</param>
/// <param name="rhythm">Its buffered rounds.</param>
/// <param name="key">Where selection draws from.</param>
/// <param name="modelNorm">The norm that counts as usual in the first round.</param>
sealed class BufferRules(FederationPlan plan, Buffered rhythm, RandomKey key, double modelNorm)
{
    // Where few are there who may be asked, drawing would take long to meet one.
    const int MostDraws = 64;

    // A server tries without end.
    long MostFailures => (long)plan.Attempts * Math.Max(rhythm.Updates, plan.Participants);

    int Quorum => Math.Min(plan.Quorum, rhythm.Updates);

    /// <summary>Takes one event.</summary>
    public (FederationState State, ImmutableArray<FederationCommand> Commands) Step(FederationState state,
        FederationEvent happened, DateTimeOffset now) => happened switch
        {
            Started => GoOn(state with { Members = [.. Enumerable.Range(0, plan.Clients)] }, now),
            ClientJoined joined => GoOn(state with { Members = state.Members.Add(joined.Client) }, now),
            ClientLeft left => (state with { Members = state.Members.Remove(left.Client) }, []),
            PlaceVacated vacated => Drop(Absences.Vacated(state with { Members = state.Members.Remove(vacated.Client) }, vacated),
                vacated.Client, now),
            Paused => (state with { IsPaused = true }, []),
            Resumed => GoOn(state with { IsPaused = false }, now),
            Stopped => state.HasEnded ? (state, []) : (state with { Phase = Phase.Stopped }, [new Finish()]),
            UpdateArrived update => Arrive(state, update, now),
            UpdateAdded added => Add(state, added, now),
            UpdateInvalid invalid => Refuse(state, invalid, now),
            ClientDropped dropped => Drop(dropped.IsMissed ? Absences.Missed(state, dropped.Client) : state, dropped.Client, now),
            TimePassed => PassDeadlines(state, now),
            ModelApplied applied => Advance(state with { Spread = applied.Spread ?? state.Spread }, now),
            _ => throw new ArgumentException($"There is no event {happened} where rounds are buffered.", nameof(happened)),
        };

    /// <summary>
    /// Opens a round: those at work stay, and others are asked beside them. Those of the round before that have answered may
    /// be asked again.
    /// </summary>
    public (FederationState State, ImmutableArray<FederationCommand> Commands) Open(FederationState state, int round,
        DateTimeOffset now)
    {
        int[] settled = [.. state.Standings.Where(entry => entry.Value != Standing.Asked).Select(entry => entry.Key)];
        var (next, asked) = Settle(state with
        {
            Phase = Phase.Collecting,
            Current = new RoundPlan(round, 1, round - 1, [], default)
            {
                UsualNorm = plan.NormBound is null ? null : NormBound.Usual(state.RoundNorms, modelNorm),
                Spread = state.Spread,
            },
            Standings = state.Standings.RemoveRange(settled),
            Tasks = state.Tasks.RemoveRange(settled),
            Asked = 0,
            Failed = 0,
            Weights = FederationState.Initial.Weights,
            Norms = FederationState.Initial.Norms,
            Absences = Absences.Shorter(state.Absences),
        }, now);
        return (next, [new PublishRound(next.Current), .. asked]);
    }

    // Before the first round it opens when enough clients are there; from then on one that comes may be asked at once.
    (FederationState, ImmutableArray<FederationCommand>) GoOn(FederationState state, DateTimeOffset now) =>
        state.Phase != Phase.Waiting ? Settle(state, now)
            : !state.IsPaused && state.Members.Count >= plan.NeededIn(state)
                ? Open(state, state.Current.Round, now) : (state, []);

    // Closes the round when it has all it wanted, or all it will get: where nobody is left to ask, or too many have failed. Asks
    // others otherwise.
    (FederationState, ImmutableArray<FederationCommand>) Settle(FederationState state, DateTimeOffset now,
        params ImmutableArray<FederationCommand> first)
    {
        if (state.Phase != Phase.Collecting)
            return (state, first);
        bool isEnough = state.Added >= Quorum && !state.Any(Standing.Decoding);
        bool hasFailed = state.Failed >= MostFailures && !state.Any(Standing.Decoding);
        if (state.Added >= rhythm.Updates || (isEnough && hasFailed))
            return Close(state, now, first);
        if (hasFailed)
            return (state with { Phase = Phase.Abandoned }, first.Add(new Abandon(state.Current.Round,
                $"Round {state.Current.Round} needs {rhythm.Updates} updates, but has {state.Added}, and {state.Failed} that were "
                    + $"asked for failed.")));
        var (filled, asked) = Fill(state, now);
        return isEnough && !state.IsPaused && filled.Current.Participants.Count == 0
            ? Close(filled, now, first) : (filled, first.AddRange(asked));
    }

    (FederationState, ImmutableArray<FederationCommand>) Close(FederationState state, DateTimeOffset now,
        ImmutableArray<FederationCommand> first) =>
        (Described(state with { Phase = Phase.Applying }, now),
            first.Add(new ApplyMean(state.Current.Round, state.Weights.Values.Sum(), [.. state.Weights.Keys])));

    (FederationState, IEnumerable<FederationCommand>) Fill(FederationState state, DateTimeOffset now)
    {
        var commands = new List<FederationCommand>();
        int atWork = state.Standings.Keys.Count(state.IsAtWork);
        for (; atWork < plan.Participants && !state.IsPaused && Draw(state, atWork) is { } client; atWork++)
        {
            var task = new AskedTask(new RoundPart(state.Current.Round, state.Asked + 1, client), now + plan.Deadline);
            state = state with
            {
                Asked = state.Asked + 1,
                Standings = state.Standings.SetItem(client, Standing.Asked),
                Tasks = state.Tasks.SetItem(client, task),
            };
            commands.Add(new AskClient(task));
        }

        return (Described(state, now), commands);
    }

    // Whoever has failed in this round is asked again in it only where it cannot do without.
    int? Draw(FederationState state, int atWork)
    {
        var draws = new RandomDraws(key.Fold((ulong)state.Current.Round).Fold((ulong)state.Asked + 1));
        for (int tries = 0; tries < MostDraws && state.Members.Count > 0; tries++)
        {
            int client = state.Members[draws.NextInt(state.Members.Count)];
            if (!state.Standings.ContainsKey(client) && !Rests(state, client))
                return client;
        }

        int[] left = [.. state.Members.Where(client => !state.Standings.ContainsKey(client) && !Rests(state, client))];
        if (left.Length == 0 && atWork == 0 && state.Added < Quorum)
            left = [.. state.Members.Where(client => state.Standings.GetValueOrDefault(client, Standing.Out) == Standing.Out)];
        return left.Length == 0 ? null : left[draws.NextInt(left.Length)];
    }

    (FederationState, ImmutableArray<FederationCommand>) Arrive(FederationState state, UpdateArrived update, DateTimeOffset now)
    {
        int staleness = state.Current.ModelVersion - update.ModelVersion;
        if (Judge(state, update, staleness) is not { } judged)
        {
            double weight = plan.WeightOf(update.Samples, staleness);
            ImmutableArray<FederationCommand> add = [new AddUpdate(update.Client, weight)];
            return (Stand(state, update.Client, Standing.Asked, Standing.Decoding) with
            { Weights = state.Weights.SetItem(update.Client, weight) }, plan.CapOn(update.Samples) is { } capped
                ? add.Add(new ReportBounded(update.Client, state.Current.Round,
                    $"The update of client {update.Client} in round {state.Current.Round} {capped}")) : add);
        }

        var refuse = new RefuseUpdate(update.Client, update.Round, judged.Reason,
            $"The update of client {update.Client} is refused: {judged.Why}.");
        return judged.Settles ? Fail(state, update.Client, Standing.Asked, now, refuse) : (state, [refuse]);
    }

    // Whether it settles the client's part: what it sends by mistake, or once more, does not.
    (Refusal Reason, string Why, bool Settles)? Judge(FederationState state, UpdateArrived update, int staleness)
    {
        var current = state.Current;
        if (!state.Tasks.TryGetValue(update.Client, out var task))
            return (Refusal.NotAsked, $"round {current.Round} did not ask for it", false);
        if (task.Part != new RoundPart(update.Round, update.Attempt, update.Client))
            return (Refusal.Stale, $"the client was asked for task {task.Part.Attempt} of round {task.Part.Round}, but the update is of "
                + $"task {update.Attempt} of round {update.Round}", false);
        if (state.Standings[update.Client] != Standing.Asked)
            return (Refusal.Duplicate, $"the client's part in round {current.Round} is settled", false);
        if (!TakesUpdates(state))
            return (Refusal.Late, $"round {current.Round} has closed", false);
        if (update.ModelVersion < task.Version || staleness < 0)
            return (Refusal.WrongVersion, $"the client was asked to start from version {task.Version} or a later one up to "
                + $"{current.ModelVersion}, not {update.ModelVersion}", true);
        if (update.Samples < 1)
            return (Refusal.Samples, $"its samples must be 1 or more, but are {update.Samples}", true);
        return staleness > rhythm.MostStale ? (Refusal.TooOld, $"it was made from version {update.ModelVersion}, {staleness} before the "
            + $"newest, and may be {rhythm.MostStale} behind", true) : null;
    }

    /// <summary>Whether an update that arrives now can be taken in; where not, it can when the next round is open.</summary>
    public bool TakesUpdates(FederationState state) => state.Phase == Phase.Collecting && state.Weights.Count < rhythm.Updates;

    (FederationState, ImmutableArray<FederationCommand>) Add(FederationState state, UpdateAdded added, DateTimeOffset now)
    {
        var next = Stand(state, added.Client, Standing.Decoding, Standing.Added) with
        {
            Norms = state.Norms.SetItem(added.Client, added.Norm),
            Absences = state.Absences.Remove(added.Client),
        };
        ImmutableArray<FederationCommand> said = NormBound.ReportOn(added, state.Current, plan) is { } bounded ? [bounded] : [];
        return Settle(next, now, said);
    }

    (FederationState, ImmutableArray<FederationCommand>) Refuse(FederationState state, UpdateInvalid invalid,
        DateTimeOffset now) =>
        Fail(state with { Weights = state.Weights.Remove(invalid.Client) }, invalid.Client, Standing.Decoding, now,
            new RefuseUpdate(invalid.Client, state.Current.Round, Refusal.Invalid,
                $"The update of client {invalid.Client} is refused: {invalid.Problem}"));

    // While a version is made, too: whoever goes then is replaced when the next round opens.
    (FederationState, ImmutableArray<FederationCommand>) Drop(FederationState state, int client, DateTimeOffset now) =>
        state.Phase is Phase.Collecting or Phase.Applying
            && state.Standings.GetValueOrDefault(client, Standing.Out) == Standing.Asked
            ? Fail(state, client, Standing.Asked, now) : (state, []);

    (FederationState, ImmutableArray<FederationCommand>) PassDeadlines(FederationState state, DateTimeOffset now)
    {
        var commands = ImmutableArray<FederationCommand>.Empty;
        foreach (int client in state.Tasks.Values.Where(task => task.Deadline <= now).Select(task => task.Part.Client).ToList())
        {
            var (next, more) = Drop(Absences.Missed(state, client), client, now);
            (state, commands) = (next, commands.AddRange(more));
        }

        return (state, commands);
    }

    (FederationState, ImmutableArray<FederationCommand>) Fail(FederationState state, int client, Standing from,
        DateTimeOffset now, params ImmutableArray<FederationCommand> first)
    {
        return Settle(Stand(state, client, from, Standing.Out) with { Failed = state.Failed + 1 }, now, first);
    }

    (FederationState, ImmutableArray<FederationCommand>) Advance(FederationState state, DateTimeOffset now)
    {
        if (state.Phase == Phase.Stopped)
            return (state, []);
        if (state.Phase != Phase.Applying)
            throw new InvalidOperationException($"A model was applied while the federation is {state.Phase}.");
        var done = state with { RoundNorms = NormBound.Remember(state.RoundNorms, state.MedianNorm) };
        return state.Current.Round < plan.RoundsIn(state) ? Open(done, state.Current.Round + 1, now)
            : (done with { Phase = Phase.Finished }, [new Finish()]);
    }

    // Who is at work, and when the first of them is late.
    FederationState Described(FederationState state, DateTimeOffset now)
    {
        var atWork = state.Standings.Keys.Where(state.IsAtWork).ToList();
        return state with
        {
            Current = state.Current with
            {
                Participants = atWork,
                Deadline = atWork.Where(client => state.Standings[client] == Standing.Asked)
                    .Select(client => state.Tasks[client].Deadline).DefaultIfEmpty(now + plan.Deadline).Min(),
            },
        };
    }

    static bool Rests(FederationState state, int client) =>
        state.Absences.TryGetValue(client, out var absence) && absence.Rest > 0;

    static FederationState Stand(FederationState state, int client, Standing from, Standing to) =>
        FederationMachine.Stand(state, client, from, to);
}
