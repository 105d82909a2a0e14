using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Plume.Federation.Books;
using Plume.Federation.Models;
using Plume.Federation.Privacy;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Storage;

namespace Plume.Server.Federations;

// How a federation begins, and how it goes on after a stop or a crash.
partial class Coordinator
{
    const int RunBytes = 16;

    /// <summary>Takes the federation over from whoever had it, and stands where the ledger says.</summary>
    /// <param name="definition">The federation.</param>
    /// <param name="ledger">What happened so far.</param>
    /// <param name="blobs">Its bytes.</param>
    /// <param name="aggregator">Makes what adds updates up, given how to get the published model of a capacity.</param>
    /// <param name="metrics">Counts what happens from now on.</param>
    /// <param name="time">The server's clock.</param>
    /// <param name="logger">Is told of versions and troubles.</param>
    /// <param name="cancellation">Stops the start.</param>
    /// <exception cref="ArgumentException">The definition breaks rules; the message has all of them.</exception>
    /// <exception cref="InvalidDataException">What storage holds is of another federation, or damaged beyond what can be made again.</exception>
    public static async Task<Coordinator> OpenAsync(
        FederationDefinition definition, ILedger ledger, IBlobs blobs, Func<Func<int, ReadOnlyMemory<float>>, IAggregator> aggregator, FederationMetrics metrics, TimeProvider time, ILogger logger, CancellationToken cancellation)
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
        foreach (int client in Places.Keys)
            seen[client] = now;
        Publish();
        following = metrics.Follow(() => Figures);
        await turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            foreach (var (client, standing) in State.Standings.Where(entry => entry.Value == Standing.Decoding && !State.HasEnded))
                settling[client] = AddAsync(new WeightedUpdate(arrivals[books.PartOf(client)], State.Weights[client]), State.Current);
            if (State.Phase == Phase.Applying)
                applying = ApplyAfterAsync(applying);
            if (State.HasEnded)
                applying = RetireAfterAsync(applying);
        }
        finally
        {
            turn.Release();
        }
    }

    // What counts must still be there, or the round can never be committed: better said now than when it closes.
    async Task AddAgainAsync(CancellationToken cancellation)
    {
        foreach (var update in Contributions().Where(update => State.Standings[update.Update.Client] == Standing.Added))
        {
            cancellation.ThrowIfCancellationRequested();
            if (await ReadAndAddAsync(update, State.Current).ConfigureAwait(false) is { Problem: { } problem })
                throw new InvalidDataException($"The update of client {update.Update.Client} in round {State.Current.Round} of '{definition.Name}' counts, but cannot be read any more: {problem} Restore the storage from a copy.");
        }
    }

    async Task BeginAsync(CancellationToken cancellation)
    {
        if ((await blobs.ListAsync(names.All, cancellation).ConfigureAwait(false)).FirstOrDefault(names.IsOfLater) is { } later)
            throw new InvalidDataException($"The ledger of '{definition.Name}' is gone, but there is '{later}' of its model. Restore the storage from a copy; or move it away to begin the federation anew.");
        string[] graphs = await WriteGraphsAsync(cancellation).ConfigureAwait(false);
        string checkpoint = await ModelCheckpoint.WriteAsync(blobs, names.Checkpoint(0), model, cancellation).ConfigureAwait(false);
        string run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RunBytes));
        head = new FederationHead(0, fingerprint, run, checkpoint, "", "", null, KeptState.Of(State)).With(graphs) with
        {
            // Durable before the first noise is drawn.
            Noise = definition.Plan.Privacy is null ? null : Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NoiseSecret.Length)),
        };
        await ledger.CommitAsync(definition.Id, epoch, 0, head.ToBytes(), [VersionRecord.First.ToBytes()], cancellation).ConfigureAwait(false);
    }

    async Task GoOnAsync(LedgerContent content, CancellationToken cancellation)
    {
        head = FederationHead.FromBytes(content.Head);
        if (head.Fingerprint != fingerprint)
            throw new InvalidDataException($"The storage has a federation '{definition.Name}' of other settings. Serve the experiment it was begun with, or give this one another name or folder.");
        var records = await RecordsAsync(content, cancellation).ConfigureAwait(false);
        records.ForEach(history.Add);
        await RestoreModelAsync(records[^1], cancellation).ConfigureAwait(false);
        await SweepAsync(content.Version, cancellation).ConfigureAwait(false);
        await MendGraphAsync(cancellation).ConfigureAwait(false);
        RestoreBooks(records[^1]);
        message = State.Phase == Phase.Stopped ? StoppedByOperator : books.WhyEnded ?? "";
        RestorePlaces(records);
        Replay([.. content.Events.Select(LedgerEvent.FromBytes)]);
        if (!State.HasEnded)
            await AddAgainAsync(cancellation).ConfigureAwait(false);
        LogWentOn(logger, definition.Name, content.Version, content.Events.Count, State.Current.Round, State.Current.Attempt);
    }

    void RestoreBooks(VersionRecord newest)
    {
        foreach (var update in newest.Updates)
            arrivals[new RoundPart(head.Version, update.Attempt, update.Client)] = update.In(head.Version);
        books.Restore(head.State.ToState(), default, newest.Updates.Select(update => new SettledPart(new RoundPart(head.Version, update.Attempt, update.Client), update.Problem)));
    }

    void Replay(List<LedgerEvent> events)
    {
        time = new SteadyTime(clock, atLeast: LastKnown(events));
        books.Restore(State, time.GetUtcNow(), books.SettledIn(head.Version));
        foreach (var happened in events)
        {
            try
            {
                Believe(books.Consider(happened.ToFederation(), happened.At), happened);
            }
            catch (Exception contradiction) when (contradiction is InvalidOperationException or KeyNotFoundException)
            {
                throw new InvalidDataException($"The ledger of '{definition.Name}' contradicts itself, so it is damaged: {contradiction.Message} Restore the storage from a copy.", contradiction);
            }
        }

        position = events.Count;
    }

    // A clock that was set back meanwhile does not give a round more time than it was opened with.
    DateTimeOffset LastKnown(List<LedgerEvent> events)
    {
        bool isOpen = State.Phase == Phase.Collecting && State.Current.Deadline - DateTimeOffset.MinValue > definition.Plan.Deadline;
        var opened = isOpen ? State.Current.Deadline - definition.Plan.Deadline : default;
        return events.Select(happened => happened.At).Append(opened).Max();
    }

    // Its hash is in the head; of the definition it can be made again whenever it is needed.
    async Task MendGraphAsync(CancellationToken cancellation)
    {
        if (definition.Graph is null || await AreGraphsSoundAsync(cancellation).ConfigureAwait(false))
            return;
        if (head.Graph.Length > 0)
            LogGraphMadeAgain(logger, definition.Name);
        head = head.With(await WriteGraphsAsync(cancellation).ConfigureAwait(false));
    }

    async Task<bool> AreGraphsSoundAsync(CancellationToken cancellation)
    {
        string[] hashes = [.. head.Graphs];
        for (int capacity = 0; capacity < hashes.Length; capacity++)
        {
            if (hashes[capacity].Length == 0 || await blobs.Sha256Async(names.Graph(capacity), cancellation).ConfigureAwait(false) != hashes[capacity])
                return false;
        }

        return hashes.Length == 1 + definition.SmallerGraphs.Count;
    }

    // Gives the hash of each capacity's.
    async Task<string[]> WriteGraphsAsync(CancellationToken cancellation)
    {
        if (definition.Graph is not { } largest)
            return [""];
        var hashes = new List<string>();
        foreach (var graph in definition.SmallerGraphs.Prepend(largest))
        {
            byte[] packed = PackedGraph.Pack(graph());
            await WriteAsync(names.Graph(hashes.Count), packed, cancellation).ConfigureAwait(false);
            hashes.Add(Convert.ToHexStringLower(SHA256.HashData(packed)));
        }

        return [.. hashes];
    }

    // What a process that died did not come to clear away.
    async Task SweepAsync(int version, CancellationToken cancellation)
    {
        firstPayload = firstOfUse = FirstOfUse;
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Federation}: the graph was damaged and is made again")]
    static partial void LogGraphMadeAgain(ILogger logger, string federation);
}
