using System.Text.RegularExpressions;
using Plume.Server.Storage;
using Record = Plume.Server.Storage.Record;

namespace Plume.Server.Tests.Identity;

/// <summary>Records that end with the test. It counts reads, can fail, and lets a test step in before a write.</summary>
sealed partial class RecordsInMemory : IRecords
{
    readonly SortedDictionary<string, Record> records = new(StringComparer.Ordinal);

    public int Reads { get; private set; }

    public int Lists { get; private set; }

    public bool Broken { get; set; }

    /// <summary>Called with the key before each write.</summary>
    public Func<string, Task>? BeforeWrite { get; set; }

    public Task<Record?> ReadAsync(string key, CancellationToken cancellation)
    {
        Check(key);
        lock (records)
        {
            Reads++;
            return Task.FromResult(records.GetValueOrDefault(key));
        }
    }

    public async Task<bool> WriteAsync(string key, byte[] value, long revision, CancellationToken cancellation)
    {
        Check(key);
        if (BeforeWrite is { } step)
            await step(key);
        lock (records)
        {
            if ((records.GetValueOrDefault(key)?.Revision ?? 0) != revision)
                return false;
            records[key] = new Record(value, revision + 1);
            return true;
        }
    }

    public Task<IReadOnlyList<KeyValuePair<string, Record>>> ListAsync(string prefix, CancellationToken cancellation)
    {
        lock (records)
        {
            Lists++;
            return Task.FromResult<IReadOnlyList<KeyValuePair<string, Record>>>(
                [.. records.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal))]);
        }
    }

    void Check(string key)
    {
        Assert.Matches(Key(), key);
        if (Broken)
            throw new IOException("The records cannot be reached.");
    }

    [GeneratedRegex("^[a-z0-9.-]+(/[a-z0-9.-]+)*$")]
    private static partial Regex Key();
}
