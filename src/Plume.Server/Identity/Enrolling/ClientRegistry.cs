using System.Collections.Concurrent;
using System.Text.Json;
using Plume.Server.Storage;

namespace Plume.Server.Identity.Enrolling;

/// <summary>
/// Who is enrolled: names, the keys they are pinned to, what they may do and see, and whether they were revoked. Several servers
/// share the records; what one of them changes, the others go by within <see cref="Fresh"/>.
/// </summary>
public sealed class ClientRegistry
{
    /// <summary>How long what was read is gone by before it is read again.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);

    const string Prefix = "clients/";

    readonly IRecords records;
    readonly TimeProvider time;
    readonly ConcurrentDictionary<string, Reading> readings = new(StringComparer.Ordinal);

    /// <summary>The registry that is in some records.</summary>
    public ClientRegistry(IRecords records, TimeProvider time)
    {
        this.records = records;
        this.time = time;
    }

    /// <summary>Who is enrolled under a name, as of at most <see cref="Fresh"/> ago; null where nobody is.</summary>
    /// <exception cref="IOException">The records could not be read.</exception>
    public ValueTask<EnrolledEntry?> FindAsync(string name, CancellationToken cancellation) =>
        FindAsync(name, Fresh, cancellation);

    /// <summary>Who is enrolled under a name, as of less than some time ago; null where nobody is.</summary>
    internal async ValueTask<EnrolledEntry?> FindAsync(string name, TimeSpan age, CancellationToken cancellation)
    {
        if (!readings.TryGetValue(name, out var reading) || time.GetElapsedTime(reading.Started) >= age)
            reading = StartReading(name, reading);
        if (!reading.Found.IsCompletedSuccessfully)
            await reading.Found.WaitAsync(cancellation);
        return (await reading.Found)?.Entry;
    }

    /// <summary>Whether a client may take part in a federation: it is enrolled, not revoked, and was invited to it.</summary>
    /// <exception cref="IOException">The records could not be read.</exception>
    public async ValueTask<bool> MayJoinAsync(string name, string federation, CancellationToken cancellation) =>
        await FindAsync(name, cancellation) is { Revoked: false, Role: Roles.Client } entry
            && entry.Federations.Contains(federation, StringComparer.Ordinal);

    /// <summary>All that are or were enrolled, in the order of their records.</summary>
    /// <exception cref="IOException">The records could not be read.</exception>
    public async Task<IReadOnlyList<EnrolledEntry>> ListAsync(CancellationToken cancellation) =>
        [.. (await records.ListAsync(Prefix, cancellation)).Select(pair => Read(pair.Value))];

    /// <summary>The clients that may take part in a federation.</summary>
    /// <exception cref="IOException">The records could not be read.</exception>
    internal async Task<IReadOnlyList<string>> ClientsOfAsync(string federation, CancellationToken cancellation) =>
        [.. (await ListAsync(cancellation))
            .Where(entry => entry is { Revoked: false, Role: Roles.Client }
                && entry.Federations.Contains(federation, StringComparer.OrdinalIgnoreCase)).Select(entry => entry.Name)];

    /// <summary>Who is enrolled under a name at this moment, and the revision to change it by.</summary>
    internal async Task<RegistryRecord?> ReadAsync(string name, CancellationToken cancellation) =>
        await records.ReadAsync(KeyOf(name), cancellation) is { } record ? new RegistryRecord(Read(record), record.Revision)
            : null;

    /// <summary>Writes who is enrolled under a name, if nobody did since it was read.</summary>
    internal async Task<bool> WriteAsync(EnrolledEntry entry, long revision, CancellationToken cancellation)
    {
        byte[] value = JsonSerializer.SerializeToUtf8Bytes(entry, IdentityJson.Default.EnrolledEntry);
        try
        {
            return await records.WriteAsync(KeyOf(entry.Name), value, revision, cancellation);
        }
        finally
        {
            readings.TryRemove(entry.Name, out _);
        }
    }

    /// <summary>Refuses all calls of a name from now on.</summary>
    /// <param name="name">The name.</param>
    /// <param name="keepOut">Whether a name that is not enrolled is kept out as well.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>Whether the name is revoked now.</returns>
    internal async Task<bool> RevokeAsync(string name, bool keepOut, CancellationToken cancellation)
    {
        while (true)
        {
            var found = await ReadAsync(name, cancellation);
            if (found is null && !keepOut)
                return false;
            if (found is { Entry.Revoked: true })
                return true;
            var entry = found is null ? EnrolledEntry.KeptOut(name, time.GetUtcNow()) : found.Entry with { Revoked = true };
            if (await WriteAsync(entry, found?.Revision ?? 0, cancellation))
                return true;
        }
    }

    /// <summary>All calls that come while a record is read wait for one reading.</summary>
    Reading StartReading(string name, Reading? stale)
    {
        var answer = new TaskCompletionSource<RegistryRecord?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var reading = new Reading(time.GetTimestamp(), answer.Task);
        bool first = stale is null ? readings.TryAdd(name, reading) : readings.TryUpdate(name, reading, stale);
        if (!first && readings.TryGetValue(name, out var other))
            return other;
        _ = CompleteAsync(name, reading, answer);
        return reading;
    }

    async Task CompleteAsync(string name, Reading reading, TaskCompletionSource<RegistryRecord?> answer)
    {
        try
        {
            // Several calls wait for it, so none of them can cancel it.
            answer.SetResult(await ReadAsync(name, CancellationToken.None));
        }
        catch (Exception error)
        {
            readings.TryRemove(KeyValuePair.Create(name, reading));
            answer.SetException(error);
        }
    }

    static string KeyOf(string name) => Prefix + ClientName.ToKey(name);

    static EnrolledEntry Read(Record record) => JsonSerializer.Deserialize(record.Value, IdentityJson.Default.EnrolledEntry)!;

    sealed record Reading(long Started, Task<RegistryRecord?> Found);
}

/// <summary>An entry of the registry as it was read.</summary>
/// <param name="Entry">Who is enrolled.</param>
/// <param name="Revision">Of its record.</param>
sealed record RegistryRecord(EnrolledEntry Entry, long Revision);
