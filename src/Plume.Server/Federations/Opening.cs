using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Plume.Federation.Privacy;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.News;
using Plume.Server.Federations.Places;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Uploads;
using Plume.Server.Federations.Versions;
using Plume.Server.Federations.Writing;
using Plume.Server.Storage;

namespace Plume.Server.Federations;

/// <summary>How a federation begins, and how it goes on after a stop or a crash.</summary>
sealed partial class Opening(
    FederationDefinition definition, ulong fingerprint, Journal journal, WrittenBooks written, SteadyTime time, PlaceBook places,
    Announcements news, UpdateDesk updates,
    VersionStore store, Remaking remaking, Clearing clearing, GraphBlobs graphs, RunHistory history, IBlobs blobs,
    BlobNames names, ILogger logger)
{
    const int RunBytes = 16;

    /// <summary>Takes the ledger over and stands where it says.</summary>
    public async Task RestoreAsync(CancellationToken cancellation)
    {
        var content = await journal.TakeOverAsync(cancellation).ConfigureAwait(false);
        if (content.Version < 0)
            await BeginAsync(cancellation).ConfigureAwait(false);
        else
            await GoOnAsync(content, cancellation).ConfigureAwait(false);
        store.Model.Rest();
    }

    async Task BeginAsync(CancellationToken cancellation)
    {
        if ((await blobs.ListAsync(names.All, cancellation).ConfigureAwait(false)).FirstOrDefault(names.IsOfLater) is { } later)
            throw new InvalidDataException(
                $"The ledger of '{definition.Name}' is gone, but there is '{later}' of its model. Restore the storage from a "
                    + $"copy; or move it away to begin the federation anew.");
        string[] hashes = await graphs.WriteAsync(cancellation).ConfigureAwait(false);
        string checkpoint = await store.WriteCheckpointAsync(0, cancellation).ConfigureAwait(false);
        string run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RunBytes));
        var first = new FederationHead(0, fingerprint, run, checkpoint, "", "", null, KeptState.Of(written.State))
            .With(hashes) with
        {
            // Durable before the first noise is drawn.
            Noise = definition.Plan.Privacy is not { IsAtClients: false } ? null
                : Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NoiseSecret.Length)),
        };
        await journal.BeginAsync(first, cancellation).ConfigureAwait(false);
    }

    async Task GoOnAsync(LedgerContent content, CancellationToken cancellation)
    {
        var records = await journal.ReadAsync(content, definition.Plan, fingerprint, cancellation).ConfigureAwait(false);
        var newest = records[^1];
        foreach (var record in records)
            history.Add(record);
        await remaking.RestoreAsync(journal.Head, newest, cancellation).ConfigureAwait(false);
        var updatesOfUse = newest.Updates.Select(update => update.In(content.Version).Part)
            .Concat((journal.Head.State.Tasks ?? []).Select(task => task.Part)).ToHashSet();
        await clearing.SweepAsync(content.Version, updatesOfUse, cancellation).ConfigureAwait(false);
        await MendGraphsAsync(cancellation).ConfigureAwait(false);
        var state = journal.Head.State.ToState();
        LedgerEvent[] events = [.. content.Events.Select(LedgerEvent.FromBytes)];
        time.Set(atLeast: LastKnown(state, events));
        written.Books.Restore(state, written.Now, updates.Restore(content.Version, newest));
        news.Restore(state);
        places.Restore(records);
        written.Replay(events);
        if (!written.State.HasEnded)
            await updates.AddAgainAsync(cancellation).ConfigureAwait(false);
        LogWentOn(logger, definition.Name, content.Version, events.Length, written.State.Current.Round,
            written.State.Current.Attempt);
    }

    // A clock that was set back meanwhile does not give a round more time than it was opened with.
    DateTimeOffset LastKnown(FederationState state, IEnumerable<LedgerEvent> events)
    {
        bool isOpen = state.Phase == Phase.Collecting
            && state.Current.Deadline - DateTimeOffset.MinValue > definition.Plan.Deadline;
        var opened = isOpen ? state.Current.Deadline - definition.Plan.Deadline : default;
        return events.Select(happened => happened.At).Append(opened).Max();
    }

    // Their hashes are in the head.
    async Task MendGraphsAsync(CancellationToken cancellation)
    {
        if (await graphs.AreSoundAsync(journal.Head.Graphs, cancellation).ConfigureAwait(false))
            return;
        if (journal.Head.Graph.Length > 0)
            LogGraphMadeAgain(logger, definition.Name);
        journal.Regraph(await graphs.WriteAsync(cancellation).ConfigureAwait(false));
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Federation}: goes on from version {Version} and {Events} events since: round {Round}, attempt {Attempt}")]
    static partial void LogWentOn(ILogger logger, string federation, int version, int events, int round, int attempt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Federation}: the graph was damaged and is made again")]
    static partial void LogGraphMadeAgain(ILogger logger, string federation);
}
