using Microsoft.Extensions.Logging;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Uploads;
using Plume.Server.Federations.Writing;
using Plume.Server.Storage;

namespace Plume.Server.Federations.Versions;

/// <summary>Deletes the blobs that no restart needs any more.</summary>
sealed partial class Clearing(FederationDefinition definition, UpdateDesk updates, VersionStore store, Journal journal,
    IBlobs blobs, BlobNames names, StorageRetry retry, ILogger logger)
{
    // Versions that are made while somebody downloads an earlier one: where rounds are buffered, they come faster than the
    // slowest client is.
    readonly int whileDownloading = definition.Plan.Buffered is null ? 1 : 8;

    // The first version that was of use to anybody when each of the newest was made.
    readonly Queue<int> firstsOfUse = [];

    // The first version whose payload is kept.
    int firstPayload = 1;

    /// <summary>Deletes what a process that died did not come to clear away.</summary>
    /// <param name="version">The newest version.</param>
    /// <param name="ofUse">Of earlier rounds' updates, the parts of those that are of use.</param>
    /// <param name="cancellation">Stops the work.</param>
    public async Task SweepAsync(int version, IReadOnlySet<RoundPart> ofUse, CancellationToken cancellation)
    {
        firstPayload = store.FirstOfUse;
        firstsOfUse.Enqueue(firstPayload);
        foreach (string name in await blobs.ListAsync(names.All, cancellation).ConfigureAwait(false))
        {
            if (!names.IsOfUse(name, version, firstPayload) && !(names.PartOf(name) is { } part && ofUse.Contains(part)))
                await blobs.DeleteAsync(name, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Deletes what a committed round left behind. The round's updates and its parent's checkpoint stay: with them its version
    /// can be made again. What somebody may be downloading at this moment stays for one more round.
    /// </summary>
    public async Task ClearAsync(int round)
    {
        try
        {
            await blobs.DeleteAsync(names.Checkpoint(round - 2), retry.Closing).ConfigureAwait(false);
            // Of an end that was none.
            await blobs.DeleteAsync(names.Copy(round - 2), retry.Closing).ConfigureAwait(false);
            var old = (await OldUpdatesAsync(round).ConfigureAwait(false))
                .Concat(await blobs.ListAsync(names.SecureSums(round - 1), retry.Closing).ConfigureAwait(false))
                .Concat(await blobs.ListAsync(names.CatchUps(round - 1 - whileDownloading), retry.Closing).ConfigureAwait(false));
            foreach (string name in old)
                await blobs.DeleteAsync(name, retry.Closing).ConfigureAwait(false);
            for (; firstsOfUse.TryPeek(out int first) && firstPayload < first; firstPayload++)
                await store.DeletePayloadsAsync(firstPayload, retry.Closing).ConfigureAwait(false);
            firstsOfUse.Enqueue(store.FirstOfUse);
            if (firstsOfUse.Count > whileDownloading)
                firstsOfUse.Dequeue();
        }
        catch (IOException problem)
        {
            retry.Note(problem);
        }
    }

    // Where rounds are buffered, a round takes in updates of earlier ones.
    async Task<IEnumerable<string>> OldUpdatesAsync(int round)
    {
        if (definition.Plan.Buffered is null)
            return await blobs.ListAsync(names.Uploads(round - 1), retry.Closing).ConfigureAwait(false);
        var all = await blobs.ListAsync(names.AllUploads, retry.Closing).ConfigureAwait(false);
        var ofUse = await updates.PartsOfUseAsync(retry.Closing).ConfigureAwait(false);
        return all.Where(name => names.PartOf(name) is { } part && part.Round <= round && !ofUse.Contains(part));
    }

    /// <summary>
    /// Deletes updates when the federation has ended: what single clients sent is nobody's any more. A second checkpoint takes
    /// the part of the updates that the last one could be made again of.
    /// </summary>
    /// <param name="settle">Waits until no update is being decided.</param>
    public async Task RetireAsync(Func<Task> settle)
    {
        try
        {
            await retry.UntilDoneAsync(() => DeleteUpdatesAsync(settle)).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is OperationCanceledException or InvalidDataException or FileNotFoundException)
        {
            // The next start does it.
            LogNotRetired(logger, definition.Name, problem.Message);
        }
    }

    // A server that stops at that moment waits for it.
    async Task<bool> DeleteUpdatesAsync(Func<Task> settle)
    {
        await settle().ConfigureAwait(false);
        var head = journal.Head;
        if (await blobs.Sha256Async(names.Copy(head.Version), CancellationToken.None).ConfigureAwait(false) != head.Checkpoint)
            await blobs.CopyAsync(names.Checkpoint(head.Version), names.Copy(head.Version), CancellationToken.None)
                .ConfigureAwait(false);
        foreach (string name in (await blobs.ListAsync(names.AllUploads, CancellationToken.None).ConfigureAwait(false))
            .Concat(await blobs.ListAsync(names.AllSecureSums, CancellationToken.None).ConfigureAwait(false)))
            await blobs.DeleteAsync(name, CancellationToken.None).ConfigureAwait(false);
        if (head.Version > 0)
            await blobs.DeleteAsync(names.Checkpoint(head.Version - 1), CancellationToken.None).ConfigureAwait(false);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Federation}: the last updates are not deleted yet: {Problem}")]
    static partial void LogNotRetired(ILogger logger, string federation, string problem);
}
