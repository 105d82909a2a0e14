using System.Collections.Immutable;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Plume.Federation.Models;
using Plume.Federation.Rounds;
using Plume.Server.Storage;
using Plume.Server.Telemetry;

namespace Plume.Server.Federations;

// How a federation begins, and how it goes on after a stop or a crash.
partial class Coordinator
{
    const int RunBytes = 16;

    /// <summary>Takes the federation over from whoever had it, and stands where the ledger says.</summary>
    /// <param name="definition">The federation.</param>
    /// <param name="ledger">What happened so far.</param>
    /// <param name="blobs">Its bytes.</param>
    /// <param name="aggregator">Makes what adds updates up, given how to get the published model.</param>
    /// <param name="metrics">Counts what happens from now on.</param>
    /// <param name="time">The server's clock.</param>
    /// <param name="logger">Is told of versions and troubles.</param>
    /// <param name="cancellation">Stops the start.</param>
    /// <exception cref="ArgumentException">The definition breaks rules; the message has all of them.</exception>
    /// <exception cref="InvalidDataException">What storage holds is of another federation, or damaged beyond what can be made again.</exception>
    public static async Task<Coordinator> OpenAsync(
        FederationDefinition definition, ILedger ledger, IBlobs blobs, Func<Func<ReadOnlyMemory<float>>, IAggregator> aggregator, FederationMetrics metrics, TimeProvider time, ILogger logger, CancellationToken cancellation)
    {
        string problems = string.Join(" ", definition.Problems());
        if (problems.Length > 0)
            throw new ArgumentException(problems, nameof(definition));
        var coordinator = new Coordinator(definition, ledger, blobs, aggregator, metrics, time, logger);
        try
        {
            await coordinator.RestoreAsync(cancellation).ConfigureAwait(false);
        }
        catch
        {
            await coordinator.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return coordinator;
    }

    async Task RestoreAsync(CancellationToken cancellation)
    {
        var content = await ledger.TakeOverAsync(definition.Id, cancellation).ConfigureAwait(false);
        epoch = content.Epoch;
        if (content.Version < 0)
            await BeginAsync(cancellation).ConfigureAwait(false);
        else
            await GoOnAsync(content, cancellation).ConfigureAwait(false);
        model.Rest();
        var now = time.GetUtcNow();
        foreach (int client in state.Members)
            seen[client] = now;
        Publish();
        following = metrics.Follow(() => Figures);
        await turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            foreach (var (client, standing) in state.Standings.Where(entry => entry.Value == Standing.Decoding))
                settling[client] = AddAsync(new WeightedUpdate(taken[client], state.Weights[client]), state.Current);
            if (state.Phase == Phase.Applying)
                applying = ApplyAfterAsync(applying);
        }
        finally
        {
            turn.Release();
        }
    }

    // What counts must still be there, or the round can never be committed: better said now than when it closes.
    async Task AddAgainAsync(CancellationToken cancellation)
    {
        foreach (var update in Contributions().Where(update => state.Standings[update.Update.Client] == Standing.Added))
        {
            cancellation.ThrowIfCancellationRequested();
            if (await ReadAndAddAsync(update, state.Current).ConfigureAwait(false) is { } problem)
                throw new InvalidDataException($"The update of client {update.Update.Client} in round {state.Current.Round} of '{definition.Name}' counts, but cannot be read any more: {problem} Restore the storage from a copy.");
        }
    }

    async Task BeginAsync(CancellationToken cancellation)
    {
        await WriteGraphAsync(cancellation).ConfigureAwait(false);
        string checkpoint = await ModelCheckpoint.WriteAsync(blobs, names.Checkpoint(0), model, cancellation).ConfigureAwait(false);
        string run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RunBytes));
        head = new FederationHead(fingerprint, run, checkpoint, "", KeptState.Of(state), ImmutableSortedDictionary<int, string>.Empty, [], [], []);
        await ledger.CommitAsync(definition.Id, epoch, 0, head.ToBytes(), cancellation).ConfigureAwait(false);
    }

    async Task GoOnAsync(LedgerContent content, CancellationToken cancellation)
    {
        head = FederationHead.FromBytes(content.Head);
        if (head.Fingerprint != fingerprint)
            throw new InvalidDataException($"The storage has a federation '{definition.Name}' of other settings. Serve the experiment it was begun with, or give this one another name or folder.");
        if (!await TryRestoreModelAsync(content.Version, head.Checkpoint, cancellation).ConfigureAwait(false))
            await MakeAgainAsync(content.Version, cancellation).ConfigureAwait(false);
        await SweepAsync(content.Version, cancellation).ConfigureAwait(false);
        if (await blobs.LengthAsync(names.Graph, cancellation).ConfigureAwait(false) is null)
            await WriteGraphAsync(cancellation).ConfigureAwait(false);
        state = head.State.ToState();
        message = state.Phase == Phase.Stopped ? StoppedByOperator : "";
        Places = head.Places;
        foreach (var (client, name) in Places)
            numbers[name] = client;
        if (content.Version > 0)
            await RememberLastRoundAsync(content.Version, cancellation).ConfigureAwait(false);
        var events = content.Events.Select(LedgerEvent.FromBytes).ToList();
        time = new SteadyTime(clock, atLeast: LastKnown(events));
        tally = new RoundTally(time.GetUtcNow());
        foreach (var happened in events)
        {
            var (next, commands) = machine.Step(state, happened.ToFederation(), happened.At);
            Believe(next, happened, commands);
        }

        position = content.Events.Count;
        await AddAgainAsync(cancellation).ConfigureAwait(false);
        LogWentOn(logger, definition.Name, content.Version, content.Events.Count, state.Current.Round, state.Current.Attempt);
    }

    // A clock that was set back meanwhile does not give a round more time than it was opened with.
    DateTimeOffset LastKnown(List<LedgerEvent> events)
    {
        bool isOpen = state.Phase == Phase.Collecting && state.Current.Deadline - DateTimeOffset.MinValue > definition.Plan.Deadline;
        var opened = isOpen ? state.Current.Deadline - definition.Plan.Deadline : default;
        return events.Select(happened => happened.At).Append(opened).Max();
    }

    async Task WriteGraphAsync(CancellationToken cancellation)
    {
        if (definition.Graph is { } graph)
            await WriteAsync(names.Graph, PackedGraph.Pack(graph()), cancellation).ConfigureAwait(false);
    }

    async Task<bool> TryRestoreModelAsync(int version, string sha256, CancellationToken cancellation)
    {
        try
        {
            var published = new float[definition.Layout.Length];
            var (exact, memory) = await ReadCheckpointAsync(version, sha256, published, cancellation).ConfigureAwait(false);
            model.Restore(exact, memory, published, [], [.. head.Lengths.Take(version)]);
            return true;
        }
        catch (InvalidDataException damage)
        {
            LogDamaged(logger, definition.Name, version, damage.Message);
            return false;
        }
    }

    async Task<(float[] Exact, float[] Memory)> ReadCheckpointAsync(int version, string sha256, float[]? published, CancellationToken cancellation)
    {
        float[] exact = new float[definition.Layout.Length], memory = new float[definition.Optimizer.MemoryPerValue * definition.Layout.Length];
        await ModelCheckpoint.ReadAsync(blobs, names.Checkpoint(version), sha256, exact, published, memory, cancellation).ConfigureAwait(false);
        return (exact, memory);
    }

    // The last round's answers, for clients that did not hear them.
    async Task RememberLastRoundAsync(int version, CancellationToken cancellation)
    {
        foreach (var (update, outcome) in await LastRoundAsync(version, cancellation).ConfigureAwait(false))
            settled[(update.Round, update.Attempt, update.Client)] = (update.Sha256, outcome);
    }

    async Task<List<(ArrivedUpdate Update, UploadOutcome Outcome)>> LastRoundAsync(int version, CancellationToken cancellation)
    {
        var arrived = new Dictionary<int, ArrivedUpdate>();
        var outcomes = new List<(ArrivedUpdate, UploadOutcome)>();
        foreach (byte[] bytes in await ledger.HistoryAsync(definition.Id, version - 1, cancellation).ConfigureAwait(false))
        {
            switch (LedgerEvent.FromBytes(bytes))
            {
                case Arrived arrival:
                    arrived[arrival.Update.Client] = arrival.Update;
                    break;
                case WasAdded added:
                    outcomes.Add((arrived[added.Client], UploadOutcome.Counted));
                    break;
                case WasInvalid invalid:
                    outcomes.Add((arrived[invalid.Client], new UploadOutcome(false, nameof(Refusal.Invalid), invalid.Problem)));
                    break;
            }
        }

        return outcomes;
    }

    // A version is a function of the one before it and of the updates that counted, and both are kept as long as it is the
    // newest: a damaged checkpoint is made again, to the bits that its hash names.
    async Task MakeAgainAsync(int version, CancellationToken cancellation)
    {
        if (version == 0 || !await TryRestoreModelAsync(version - 1, head.Parent, cancellation).ConfigureAwait(false))
            throw new InvalidDataException($"The checkpoint of version {version} of '{definition.Name}' is damaged, and so is the one before it. Restore the storage from a copy.");
        var counted = (await LastRoundAsync(version, cancellation).ConfigureAwait(false)).Where(entry => entry.Outcome.IsCounted).Select(entry => entry.Update).ToList();
        int attempt = counted.Max(update => update.Attempt);
        var contributions = counted.Where(update => update.Attempt == attempt).OrderBy(update => update.Client)
            .Select(update => new WeightedUpdate(update, (double)update.Samples / definition.Plan.SampleCap)).ToArray();
        var plan = new RoundPlan(version, attempt, version - 1, [.. contributions.Select(update => update.Update.Client)], default);
        byte[] payload;
        try
        {
            payload = model.Apply(await aggregator.SumAsync(contributions, plan, cancellation).ConfigureAwait(false), contributions.Sum(update => update.Weight));
        }
        catch (Exception lost) when (lost is InvalidDataException or FileNotFoundException)
        {
            throw new InvalidDataException($"The checkpoint of version {version} of '{definition.Name}' is damaged, and so is what it was made of: {lost.Message} Restore the storage from a copy.", lost);
        }

        await WriteAsync(names.Version(version), payload, cancellation).ConfigureAwait(false);
        if (await ModelCheckpoint.WriteAsync(blobs, names.Checkpoint(version), model, cancellation).ConfigureAwait(false) != head.Checkpoint)
            throw new InvalidDataException($"The checkpoint of version {version} of '{definition.Name}' is damaged, and what it was made of does not make it again. Restore the storage from a copy.");
        LogMadeAgain(logger, definition.Name, version);
    }

    // What a process that died did not come to clear away.
    async Task SweepAsync(int version, CancellationToken cancellation)
    {
        firstPayload = firstOfUse = model.Broadcast.FirstOfUse;
        foreach (string name in await blobs.ListAsync(names.All, cancellation).ConfigureAwait(false))
        {
            if (!names.IsOfUse(name, version, firstPayload))
                await blobs.DeleteAsync(name, cancellation).ConfigureAwait(false);
        }
    }

    void Fault(Exception problem)
    {
        message = problem.Message;
        faulted.TrySetResult();
    }

    /// <summary>Ends when the federation cannot go on in this process.</summary>
    public Task Faulted => faulted.Task;

    [LoggerMessage(Level = LogLevel.Information, Message = "{Federation}: goes on from version {Version} and {Events} events since: round {Round}, attempt {Attempt}")]
    static partial void LogWentOn(ILogger logger, string federation, int version, int events, int round, int attempt);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Federation}: version {Version} cannot be read: {Problem}")]
    static partial void LogDamaged(ILogger logger, string federation, int version, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Federation}: version {Version} was damaged and is made again, to the same bits")]
    static partial void LogMadeAgain(ILogger logger, string federation, int version);
}
