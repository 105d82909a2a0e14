using Microsoft.Extensions.Logging;
using Plume.Federation.Models;
using Plume.Federation.Rounds;
using Plume.Server.Storage;

namespace Plume.Server.Federations;

// How a version comes back from what is kept of it, or of what it was made of.
partial class Coordinator
{
    // Of all versions, in a ledger of an earlier release: they are written with the next version.
    List<byte[]> unrecorded = [];

    async Task<List<VersionRecord>> RecordsAsync(LedgerContent content, CancellationToken cancellation)
    {
        if (content.Records.Count == 0 && WholeHistory.In(content.Head) is { } whole)
        {
            head = head with { Version = content.Version, Graph = "" };
            var made = await RecordsOfAsync(whole, content.Version, cancellation).ConfigureAwait(false);
            unrecorded = [.. made.Select(record => record.ToBytes())];
            return made;
        }

        var records = content.Records.Select(VersionRecord.FromBytes).ToList();
        if (head.Version == 0)
            head = head with { Version = WholeHistory.In(content.Head) is null ? 0 : content.Version, Graph = head.Graph ?? "" };
        return records.Count == content.Version + 1 && head.Version == content.Version
            ? records
            : throw new InvalidDataException($"The head of version {content.Version} of '{definition.Name}' is of version {head.Version}, with the records of {records.Count} versions. Restore the storage from a copy.");
    }

    async Task<List<VersionRecord>> RecordsOfAsync(WholeHistory whole, int newest, CancellationToken cancellation)
    {
        if (whole.Lengths!.Count != newest || whole.Hashes.Count != newest || whole.History.Count != newest)
            throw new InvalidDataException($"The head of version {newest} of '{definition.Name}' tells of {whole.History.Count} rounds. Restore the storage from a copy.");
        var records = new List<VersionRecord>();
        for (int version = 0; version <= newest; version++)
        {
            var places = version == newest ? whole.Places : new Dictionary<int, string>();
            records.Add(version == 0
                ? VersionRecord.First with { Places = places }
                : new VersionRecord(whole.Lengths[version - 1], whole.Hashes[version - 1], whole.History[version - 1], places, await SettledBeforeAsync(version, cancellation).ConfigureAwait(false)));
        }

        return records;
    }

    async Task<SettledUpdate[]> SettledBeforeAsync(int version, CancellationToken cancellation)
    {
        var arrived = new Dictionary<int, ArrivedUpdate>();
        var updates = new List<SettledUpdate>();
        foreach (byte[] bytes in await ledger.HistoryAsync(definition.Id, version - 1, cancellation).ConfigureAwait(false))
        {
            var happened = LedgerEvent.FromBytes(bytes);
            if (happened is Arrived arrival)
                arrived[arrival.Update.Client] = arrival.Update;
            else if (happened is WasAdded added)
                updates.Add(SettledUpdate.Of(arrived[added.Client], UploadOutcome.CountedOf(arrived[added.Client], definition.Plan)));
            else if (happened is WasInvalid invalid)
                updates.Add(SettledUpdate.Of(arrived[invalid.Client], new UploadOutcome(false, nameof(Refusal.Invalid), invalid.Problem)));
        }

        return [.. updates];
    }

    async Task RestoreModelAsync(VersionRecord record, CancellationToken cancellation)
    {
        int version = head.Version;
        if (await TryRestoreModelAsync(version, names.Checkpoint(version), head.Checkpoint, cancellation).ConfigureAwait(false))
            return;
        // After the end there is a copy of the last checkpoint, and no updates to make it of.
        if (await blobs.LengthAsync(names.Copy(version), cancellation).ConfigureAwait(false) is not null && await TryRestoreModelAsync(version, names.Copy(version), head.Checkpoint, cancellation).ConfigureAwait(false))
            await ModelCheckpoint.WriteAsync(blobs, names.Checkpoint(version), model, cancellation).ConfigureAwait(false);
        else
            await MakeAgainAsync(version, record, cancellation).ConfigureAwait(false);
        LogMadeAgain(logger, definition.Name, version);
    }

    async Task<bool> TryRestoreModelAsync(int version, string name, string sha256, CancellationToken cancellation)
    {
        try
        {
            float[][] published = [.. model.Broadcasts.Select(broadcast => new float[broadcast.Published.Length])];
            var (exact, memory) = await ReadCheckpointAsync(name, sha256, published, cancellation).ConfigureAwait(false);
            model.Restore(exact, memory, [.. published.Select((values, capacity) => new KeptBroadcast(values, [], [.. history.LengthsFor(capacity).Take(version)]))]);
            return true;
        }
        catch (InvalidDataException damage)
        {
            LogDamaged(logger, definition.Name, version, damage.Message);
            return false;
        }
    }

    async Task<(float[] Exact, float[] Memory)> ReadCheckpointAsync(string name, string sha256, float[][]? published, CancellationToken cancellation)
    {
        float[] exact = new float[definition.Published.Length], memory = new float[GlobalModel.MemoryLengthOf(definition.Plan, definition.Layout, definition.Optimizer)];
        var read = model.Broadcasts.Select((broadcast, capacity) => (published?[capacity], broadcast.Published.Length));
        await ModelCheckpoint.ReadAsync(blobs, name, sha256, exact, [.. read], memory, cancellation).ConfigureAwait(false);
        return (exact, memory);
    }

    // A version is a function of the one before it and of the updates that counted, and both are kept as long as it is the
    // newest: a damaged checkpoint is made again, to the bits that its hash names.
    async Task MakeAgainAsync(int version, VersionRecord record, CancellationToken cancellation)
    {
        if (version == 0 || !await TryRestoreModelAsync(version - 1, names.Checkpoint(version - 1), head.Parent, cancellation).ConfigureAwait(false))
            throw new InvalidDataException($"The checkpoint of version {version} of '{definition.Name}' is damaged, and so is the one before it. Restore the storage from a copy.");
        var counted = record.Updates.Where(update => update.IsCounted).ToList();
        int attempt = counted.Max(update => update.Attempt);
        var contributions = counted.Where(update => update.Attempt == attempt).OrderBy(update => update.Client)
            .Select(update => new WeightedUpdate(update.In(version), definition.Plan.WeightOf(update.Samples))).ToArray();
        var plan = new RoundPlan(version, attempt, version - 1, [.. contributions.Select(update => update.Update.Client)], default) { UsualNorm = head.UsualNorm };
        IReadOnlyList<byte[]> payloads;
        try
        {
            payloads = model.Apply(await aggregator.SumAsync(contributions, plan, cancellation).ConfigureAwait(false), WeightsOf(contributions), contributions.Length, head.NoiseSecret);
        }
        catch (Exception lost) when (lost is InvalidDataException or FileNotFoundException)
        {
            throw new InvalidDataException($"The checkpoint of version {version} of '{definition.Name}' is damaged, and so is what it was made of: {lost.Message} Restore the storage from a copy.", lost);
        }

        for (int capacity = 0; capacity < payloads.Count; capacity++)
            await WriteAsync(names.Version(version, capacity), payloads[capacity], cancellation).ConfigureAwait(false);
        if (await ModelCheckpoint.WriteAsync(blobs, names.Checkpoint(version), model, cancellation).ConfigureAwait(false) != head.Checkpoint)
            throw new InvalidDataException($"The checkpoint of version {version} of '{definition.Name}' is damaged, and what it was made of does not make it again. Restore the storage from a copy.");
    }

    async Task RetireAfterAsync(Task before)
    {
        await Task.Yield();
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await RetireAsync().ConfigureAwait(false);
    }

    async Task RetireAsync()
    {
        try
        {
            await PersistAsync(DeleteUpdatesAsync).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is OperationCanceledException or InvalidDataException or FileNotFoundException)
        {
            // The next start does it.
            LogNotRetired(logger, definition.Name, problem.Message);
        }
    }

    // What single clients sent is nobody's any more when the federation has ended. A second checkpoint takes the part of the updates
    // that the last one could be made again of. A server that stops at that moment waits for it.
    async Task<bool> DeleteUpdatesAsync()
    {
        foreach (var pending in settling.Values.ToList())
            await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (await blobs.Sha256Async(names.Copy(head.Version), CancellationToken.None).ConfigureAwait(false) != head.Checkpoint)
            await blobs.CopyAsync(names.Checkpoint(head.Version), names.Copy(head.Version), CancellationToken.None).ConfigureAwait(false);
        foreach (string name in await blobs.ListAsync(names.AllUploads, CancellationToken.None).ConfigureAwait(false))
            await blobs.DeleteAsync(name, CancellationToken.None).ConfigureAwait(false);
        if (head.Version > 0)
            await blobs.DeleteAsync(names.Checkpoint(head.Version - 1), CancellationToken.None).ConfigureAwait(false);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Federation}: version {Version} cannot be read: {Problem}")]
    static partial void LogDamaged(ILogger logger, string federation, int version, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Federation}: version {Version} was damaged and is made again, to the same bits")]
    static partial void LogMadeAgain(ILogger logger, string federation, int version);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Federation}: the last updates are not deleted yet: {Problem}")]
    static partial void LogNotRetired(ILogger logger, string federation, string problem);
}
