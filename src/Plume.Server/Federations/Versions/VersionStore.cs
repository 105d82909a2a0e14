using System.Collections.Concurrent;
using System.IO.Hashing;
using Microsoft.Extensions.Logging;
using Plume.Federation.Models;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Records;
using Plume.Server.Storage;

namespace Plume.Server.Federations.Versions;

/// <summary>
/// The model in memory and its versions among the blobs: payloads and checkpoints. Between two versions the model rests, and its
/// exact values are in the checkpoint alone. One reader or writer at a time uses the model, who has its turn.
/// </summary>
sealed partial class VersionStore(FederationDefinition definition, GlobalModel model, IBlobs blobs, BlobNames names,
    RunHistory history, ILogger logger)
{
    // Versions whose payload was found whole, or not, since this process began.
    readonly ConcurrentDictionary<(int Version, int Capacity), bool> sound = [];

    /// <summary>Who has it uses the model.</summary>
    public SemaphoreSlim Turn { get; } = new(1);

    /// <summary>The model.</summary>
    public GlobalModel Model => model;

    /// <summary>The first version of which a payload may still be on some client's way.</summary>
    public int FirstOfUse => model.Broadcasts.Min(broadcast => broadcast.FirstOfUse);

    /// <summary>Goes back to a version, if its checkpoint is sound.</summary>
    public async Task<bool> TryRestoreAsync(int version, string name, string sha256, CancellationToken cancellation)
    {
        try
        {
            float[][] published = [.. model.Broadcasts.Select(broadcast => new float[broadcast.Published.Length])];
            var (exact, memory) = await ReadAsync(name, sha256, published, cancellation).ConfigureAwait(false);
            model.Restore(exact, memory,
                [.. published.Select((values, capacity) =>
                    new KeptBroadcast(values, [], [.. history.LengthsFor(capacity).Take(version)]))]);
            return true;
        }
        catch (InvalidDataException damage)
        {
            LogDamaged(logger, definition.Name, version, damage.Message);
            return false;
        }
    }

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="sha256">Its hash.</param>
    /// <param name="published">Becomes what was published to each capacity; null where that is known.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="InvalidDataException">It is missing, or not the bytes that were written.</exception>
    public async Task<(float[] Exact, float[] Memory)> ReadAsync(string name, string sha256, float[][]? published,
        CancellationToken cancellation)
    {
        float[] exact = new float[definition.Published.Length],
            memory = new float[GlobalModel.MemoryLengthOf(definition.Plan, definition.Layout, definition.Optimizer)];
        var read = model.Broadcasts.Select((broadcast, capacity) => (published?[capacity], broadcast.Published.Length));
        await ModelCheckpoint.ReadAsync(blobs, name, sha256, exact, [.. read], memory, cancellation).ConfigureAwait(false);
        return (exact, memory);
    }

    /// <summary>Wakes the model, which rests, to make the next version of it. Under the model's turn.</summary>
    public async Task<bool> WakeAsync(FederationHead newest, CancellationToken cancellation)
    {
        var (exact, memory) = await ReadAsync(names.Checkpoint(newest.Version), newest.Checkpoint, published: null, cancellation)
            .ConfigureAwait(false);
        model.Wake(exact, memory);
        return true;
    }

    /// <summary>Writes a version's payloads, durably.</summary>
    public async Task WritePayloadsAsync(int version, IReadOnlyList<byte[]> payloads, CancellationToken cancellation)
    {
        for (int capacity = 0; capacity < payloads.Count; capacity++)
            await blobs.WriteAsync(names.Version(version, capacity), payloads[capacity], cancellation).ConfigureAwait(false);
    }

    /// <summary>Writes the model's checkpoint, durably.</summary>
    /// <returns>Its SHA-256.</returns>
    public Task<string> WriteCheckpointAsync(int version, CancellationToken cancellation) =>
        ModelCheckpoint.WriteAsync(blobs, names.Checkpoint(version), model, cancellation);

    /// <summary>The version is committed: the model rests, and its payloads are known to be whole.</summary>
    public void Committed(int version)
    {
        model.Rest();
        for (int capacity = 0; capacity < model.Broadcasts.Count; capacity++)
            sound[(version, capacity)] = true;
    }

    /// <summary>Whether a version's payload is there and whole. It cannot be made again later.</summary>
    public async Task<bool> IsSoundAsync(Segment segment, int capacity, CancellationToken cancellation)
    {
        if (sound.TryGetValue((segment.To, capacity), out bool known))
            return known;
        string name = names.Version(segment.To, capacity);
        var bytes = new byte[segment.Length];
        bool isSound = await blobs.LengthAsync(name, cancellation).ConfigureAwait(false) == segment.Length
            && await blobs.ReadAsync(name, 0, bytes, cancellation).ConfigureAwait(false) == bytes.Length
            && XxHash64.HashToUInt64(bytes) == history.HashOf(segment.To, capacity);
        if (!isSound)
            LogPayloadDamaged(logger, definition.Name, segment.To);
        return sound[(segment.To, capacity)] = isSound;
    }

    /// <summary>Deletes a version's payloads.</summary>
    public async Task DeletePayloadsAsync(int version, CancellationToken cancellation)
    {
        for (int capacity = 0; capacity < model.Broadcasts.Count; capacity++)
        {
            await blobs.DeleteAsync(names.Version(version, capacity), cancellation).ConfigureAwait(false);
            sound.TryRemove((version, capacity), out _);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Federation}: version {Version} cannot be read: {Problem}")]
    static partial void LogDamaged(ILogger logger, string federation, int version, string problem);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{Federation}: the payload of version {Version} is damaged; clients that need it take the whole model instead")]
    static partial void LogPayloadDamaged(ILogger logger, string federation, int version);
}
