using Plume.Federation.Books;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Sums;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Federations.Writing;
using Plume.Server.Storage;

namespace Plume.Server.Federations.Uploads;

/// <summary>
/// How an update comes to count, once: it arrives, is decoded into the sum, and is answered when its outcome is durable.
/// </summary>
/// <param name="definition">The federation.</param>
/// <param name="written">Its books.</param>
/// <param name="journal">Knows what older updates were answered.</param>
/// <param name="aggregator">Adds updates up.</param>
/// <param name="retry">Waits for storage.</param>
/// <param name="metrics">Counts refusals.</param>
sealed class UpdateDesk(FederationDefinition definition, WrittenBooks written, Journal journal, IAggregator aggregator,
    StorageRetry retry, FederationMetrics metrics) : IFollower
{
    // What arrived in this round and the last.
    readonly Dictionary<RoundPart, ArrivedUpdate> arrivals = [];

    // Of the attempt at hand.
    readonly Dictionary<RoundPart, Task<UploadOutcome>> settling = [];

    readonly TaskCompletionSource left = NewSignal();
    TaskCompletionSource changed = NewSignal();

    /// <summary>Is told where this owner cannot go on.</summary>
    public Action<Exception> Faulted { get; set; } = _ => { };

    /// <summary>
    /// The updates in the mean, in the order of their clients: what the next version is a function of. Under the turn.
    /// </summary>
    public WeightedUpdate[] Contributions => definition.SumsInSecret ? []
        : [.. written.Books.Contributions.Select(entry => WeightedOf(entry.Key))];

    /// <summary>What a version's record has of a round's updates. Under the turn.</summary>
    public SettledUpdate[] SettledIn(int round) =>
        [.. written.Books.SettledIn(round).Select(settled => arrivals.TryGetValue(settled.Part, out var arrived)
            ? SettledUpdate.Of(round, arrived, AnswerOf(settled)) : SettledUpdate.InSecret(settled.Part))];

    /// <summary>The parts of updates that a restart would need, or that are still to come.</summary>
    public async Task<IReadOnlySet<RoundPart>> PartsOfUseAsync(CancellationToken cancellation)
    {
        using var mine = await written.TurnAsync(cancellation).ConfigureAwait(false);
        return arrivals.Keys.Concat(written.State.Tasks.Values.Select(task => task.Part)).ToHashSet();
    }

    /// <summary>
    /// Takes in an update whose bytes are durable, and answers when its outcome is. The same update again has the same answer.
    /// </summary>
    public async Task<UploadOutcome> ArriveAsync(ArrivedUpdate update, CancellationToken cancellation)
    {
        while (true)
        {
            Task<UploadOutcome>? outcome;
            Task room;
            using (await written.TurnAsync(cancellation).ConfigureAwait(false))
            {
                room = changed.Task;
                outcome = await KnownAsync(update).ConfigureAwait(false)
                    ?? (MustWait(update) ? null : await TakeInAsync(update).ConfigureAwait(false));
            }

            if (outcome is not null)
                return await outcome.WaitAsync(cancellation).ConfigureAwait(false);
            await Task.WhenAny(room, left.Task).WaitAsync(cancellation).ConfigureAwait(false);
            if (left.Task.IsCompleted)
                throw new OperationCanceledException($"This server leaves the federation '{definition.Name}'.");
        }
    }

    /// <summary>What would become of an update, so that no byte is sent for nothing; null where its bytes are wanted.</summary>
    public async Task<UploadOutcome?> ConsiderAsync(ArrivedUpdate update, CancellationToken cancellation)
    {
        Task<UploadOutcome>? known;
        using (await written.TurnAsync(cancellation).ConfigureAwait(false))
        {
            known = await KnownAsync(update).ConfigureAwait(false);
            if (known is null)
            {
                var entry = written.Books.Consider(update.ToFederation(), written.Now);
                if (entry.Refusal is not { } refusal || MustWait(update))
                    return null;
                // Where rounds are buffered, a refusal may settle the client's part; none of its bytes came.
                if (entry.IsChange)
                    await written.HappenAsync(new Arrived(written.Now, update with { Length = 0 })).ConfigureAwait(false);
                else
                {
                    metrics.Refused(refusal.Reason);
                    written.Refused(refusal);
                }

                return Refused(refusal);
            }
        }

        return await known.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Goes on with what arrived and was not decided when the last owner left. Under the turn.</summary>
    public void GoOn()
    {
        foreach (int client in written.State.Standings.Where(entry => entry.Value == Standing.Decoding).Select(entry => entry.Key)
            .ToList())
            Decide(client);
    }

    /// <summary>Goes on from the record of the newest version.</summary>
    /// <returns>What the books know of its updates.</returns>
    public IEnumerable<SettledPart> Restore(int version, VersionRecord record)
    {
        foreach (var update in record.Updates.Select(update => update.In(version)))
            arrivals[update.Part] = update;
        return record.Updates.Select(update => new SettledPart(update.In(version).Part, update.Problem) { Round = version });
    }

    /// <summary>
    /// Adds up again what counts in the round at hand. It must still be there, or the round can never be committed: better said
    /// now than when it closes.
    /// </summary>
    /// <exception cref="InvalidDataException">An update is lost.</exception>
    public async Task AddAgainAsync(CancellationToken cancellation)
    {
        foreach (var update in Contributions.Where(update => written.State.Standings[update.Update.Client] == Standing.Added))
        {
            cancellation.ThrowIfCancellationRequested();
            if (await ReadAndAddAsync(update, written.State.Current).ConfigureAwait(false) is { Problem: { } problem })
                throw new InvalidDataException(
                    $"The update of client {update.Update.Client} in round {written.State.Current.Round} of "
                        + $"'{definition.Name}' counts, but cannot be read any more: {problem} Restore the storage from a copy.");
        }
    }

    /// <summary>Waits until nothing is being decided.</summary>
    public async Task SettleAsync()
    {
        foreach (var pending in settling.Values.ToList())
            await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public void Follow(LedgerEvent? happened, BooksEntry entry)
    {
        if (happened is Arrived arrived)
            arrivals[arrived.Update.Part] = arrived.Update;
        // Answers of the last round are kept; older ones are in the ledger's records.
        if (happened is null)
        {
            foreach (var part in arrivals.Keys.Where(part => written.Books.OutcomeOf(part) is null).ToList())
                arrivals.Remove(part);
        }

        if (entry.Opens)
            settling.Clear();
        var before = changed;
        changed = NewSignal();
        before.TrySetResult();
    }

    /// <summary>Lets go those whose updates wait for the next round: this owner is about to leave, and the next answers
    /// them.</summary>
    public void LetGo() => left.TrySetResult();

    // Where rounds are buffered, what comes while a version is made, or has all its updates, counts in the next.
    bool MustWait(ArrivedUpdate update) => definition.Plan.Buffered is not null && !written.State.HasEnded
        && written.Books.Consider(update.ToFederation(), written.Now).Refusal is { Reason: Refusal.Late };

    async Task<Task<UploadOutcome>> TakeInAsync(ArrivedUpdate update)
    {
        var entry = await written.HappenAsync(new Arrived(written.Now, update)).ConfigureAwait(false);
        if (entry.Refusal is { } refusal)
            return Task.FromResult(Refused(refusal));
        Decide(update.Client);
        return settling[update.Part];
    }

    // What was answered, or is being decided, on this client's part in that round; null where nothing is.
    async Task<Task<UploadOutcome>?> KnownAsync(ArrivedUpdate update)
    {
        if (written.Books.OutcomeOf(update.Part) is { } outcome)
            return Task.FromResult(SameOrRefused(update, arrivals[update.Part].Sha256, AnswerOf(outcome)));
        if (settling.TryGetValue(update.Part, out var pending))
            return arrivals[update.Part].Sha256 == update.Sha256 ? pending
                : Task.FromResult(SameOrRefused(update, arrivals[update.Part].Sha256,
                    UploadOutcome.CountedOf(update, definition.Plan)));
        if (update.Round < 1)
            return null;
        // Where rounds are buffered, a later one may have taken it in than asked for it.
        var (first, last) = definition.Plan.Buffered is { } rhythm
            ? (Math.Max(update.Round, update.ModelVersion + 1), update.ModelVersion + 1 + rhythm.MostStale)
            : (update.Round, update.Round);
        for (int round = first; round <= Math.Min(last, written.State.Current.Round - 2); round++)
        {
            if (await RememberedAsync(update, round).ConfigureAwait(false) is { } known)
                return known;
        }

        return null;
    }

    // A client that was away for rounds still learns what became of its update.
    async Task<Task<UploadOutcome>?> RememberedAsync(ArrivedUpdate update, int round)
    {
        var record = await journal.RecordAsync(round).ConfigureAwait(false);
        var before = record?.Updates.FirstOrDefault(settled => settled.In(round).Part == update.Part);
        return before is { Problem: null }
            ? Task.FromResult(SameOrRefused(update, before.Sha256, before.OutcomeIn(round, definition.Plan))) : null;
    }

    UploadOutcome SameOrRefused(ArrivedUpdate update, string sha256, UploadOutcome outcome)
    {
        if (sha256 == update.Sha256)
            return outcome;
        metrics.Refused(Refusal.Duplicate);
        return new UploadOutcome(false, nameof(Refusal.Duplicate),
            $"The update of client {update.Client} is refused: round {update.Round} has another update of this client.");
    }

    UploadOutcome AnswerOf(SettledPart settled) => settled.Problem is { } problem
        ? new UploadOutcome(false, nameof(Refusal.Invalid), problem)
        : UploadOutcome.CountedOf(arrivals[settled.Part], definition.Plan);

    static UploadOutcome Refused(RefuseUpdate refusal) => new(false, refusal.Reason.ToString(), refusal.Message);

    void Decide(int client) => settling[written.Books.PartOf(client)] = AddAsync(WeightedOf(client), written.State.Current);

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    WeightedUpdate WeightedOf(int client) => new(arrivals[written.Books.PartOf(client)], written.State.Weights[client]);

    // Goes on whether or not the client still waits: what arrived is settled.
    async Task<UploadOutcome> AddAsync(WeightedUpdate update, RoundPlan plan)
    {
        await Task.Yield();
        try
        {
            return await DecideAsync(update, plan).ConfigureAwait(false);
        }
        catch (Exception lost) when (lost is FencedException or UnknownOutcomeException)
        {
            Faulted(lost);
            throw;
        }
    }

    async Task<UploadOutcome> DecideAsync(WeightedUpdate update, RoundPlan plan)
    {
        var (norm, problem) = await retry.UntilDoneAsync(() => ReadAndAddAsync(update, plan)).ConfigureAwait(false);
        using var mine = await written.TurnAsync(retry.Closing).ConfigureAwait(false);
        int client = update.Update.Client;
        await retry.UntilDoneAsync(() =>
            written.HappenAsync(problem is null ? new WasAdded(written.Now, client, norm)
                : new WasInvalid(written.Now, client, problem))).ConfigureAwait(false);
        return AnswerOf(written.Books.OutcomeOf(update.Update.Part)!.Value);
    }

    async Task<AddedUpdate> ReadAndAddAsync(WeightedUpdate update, RoundPlan plan)
    {
        try
        {
            return await aggregator.AddAsync(update, plan, retry.Closing).ConfigureAwait(false);
        }
        catch (Exception lost) when (lost is InvalidDataException or FileNotFoundException)
        {
            return new AddedUpdate(0, lost.Message);
        }
    }
}
