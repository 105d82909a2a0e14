using Microsoft.Extensions.Logging;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Sums;
using Plume.Server.Storage;

namespace Plume.Server.Federations.Versions;

/// <summary>How the newest version comes back from what is kept of it, or of what it was made of.</summary>
/// <remarks>
/// A version is a function of the one before it and of the updates that counted, and both are kept as long as it is the newest: a
/// damaged checkpoint is made again, to the bits that its hash names.
/// </remarks>
sealed partial class Remaking(FederationDefinition definition, VersionStore store, Merging merging, IBlobs blobs, BlobNames names,
    ILogger logger)
{
    /// <summary>Goes back to the version of a head.</summary>
    /// <exception cref="InvalidDataException">Nothing of what is kept makes it again.</exception>
    public async Task RestoreAsync(FederationHead head, VersionRecord record, CancellationToken cancellation)
    {
        int version = head.Version;
        if (await store.TryRestoreAsync(version, names.Checkpoint(version), head.Checkpoint, cancellation).ConfigureAwait(false))
            return;
        // After the end there is a copy of the last checkpoint, and no updates to make it of.
        if (await blobs.LengthAsync(names.Copy(version), cancellation).ConfigureAwait(false) is not null
            && await store.TryRestoreAsync(version, names.Copy(version), head.Checkpoint, cancellation).ConfigureAwait(false))
            await store.WriteCheckpointAsync(version, cancellation).ConfigureAwait(false);
        else
            await MakeAgainAsync(head, record, cancellation).ConfigureAwait(false);
        LogMadeAgain(logger, definition.Name, version);
    }

    async Task MakeAgainAsync(FederationHead head, VersionRecord record, CancellationToken cancellation)
    {
        int version = head.Version;
        if (version == 0 || !await store.TryRestoreAsync(version - 1, names.Checkpoint(version - 1), head.Parent, cancellation)
            .ConfigureAwait(false))
            throw new InvalidDataException(
                $"The checkpoint of version {version} of '{definition.Name}' is damaged, and so is the one before it. Restore "
                    + $"the storage from a copy.");
        IReadOnlyList<byte[]> payloads;
        try
        {
            payloads = await ApplyAgainAsync(head, record, cancellation).ConfigureAwait(false);
        }
        catch (Exception lost) when (lost is InvalidDataException or FileNotFoundException)
        {
            throw new InvalidDataException(
                $"The checkpoint of version {version} of '{definition.Name}' is damaged, and so is what it was made of: "
                    + $"{lost.Message} Restore the storage from a copy.", lost);
        }

        await store.WritePayloadsAsync(version, payloads, cancellation).ConfigureAwait(false);
        if (await store.WriteCheckpointAsync(version, cancellation).ConfigureAwait(false) != head.Checkpoint)
            throw new InvalidDataException(
                $"The checkpoint of version {version} of '{definition.Name}' is damaged, and what it was made of does not make "
                    + $"it again. Restore the storage from a copy.");
    }

    async Task<IReadOnlyList<byte[]>> ApplyAgainAsync(FederationHead head, VersionRecord record, CancellationToken cancellation)
    {
        int version = head.Version;
        var counted = record.Updates.Where(update => update.IsCounted).ToList();
        if (counted.Count == 0)
            return Merging.Nothing(Of(head, [], 1)).Apply(store.Model, head.NoiseSecret);
        // Where rounds are buffered there is one attempt, and numbers tell tasks apart.
        bool isBuffered = definition.Plan.Buffered is not null;
        int attempt = isBuffered ? 1 : record.Sum?.Attempt ?? counted.Max(update => update.Attempt);
        WeightedUpdate[] contributions = [.. counted.Where(update => isBuffered || update.Attempt == attempt)
            .Select(update => update.In(version)).OrderBy(update => update.Client).Select(update =>
                new WeightedUpdate(update, definition.Plan.WeightOf(update.Samples, version - 1 - update.ModelVersion)))];
        var plan = Of(head, [.. contributions.Select(update => update.Update.Client)], attempt);
        var merged = record.Sum is { } sum ? merging.OfSumAsync(sum, plan, cancellation)
            : merging.OfAsync(contributions, plan, record.Round?.Norm ?? 0, cancellation);
        return (await merged.ConfigureAwait(false)).Apply(store.Model, head.NoiseSecret);
    }

    // The round that made a head's version.
    static RoundPlan Of(FederationHead head, int[] participants, int attempt) =>
        new(head.Version, attempt, head.Version - 1, participants, default)
        {
            UsualNorm = head.UsualNorm,
            Spread = head.Spread,
            ModelStep = head.Steps?.ModelStep,
            MostPayload = head.Steps?.MostPayload,
        };

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Federation}: version {Version} was damaged and is made again, to the same bits")]
    static partial void LogMadeAgain(ILogger logger, string federation, int version);
}
