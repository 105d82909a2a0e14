using System.Collections.Concurrent;
using Plume.Server.Storage;

namespace Plume.Server.Tests.Storage;

/// <summary>The ledger of one federation, which lasts as long as its test; a test may let a write fail.</summary>
sealed class LedgerInMemory : ILedger
{
    readonly List<byte[]> events = [];
    readonly List<byte[]> records = [];
    readonly Dictionary<int, List<byte[]>> histories = [];
    byte[] head = [];
    long owner;

    public int Version { get; private set; } = -1;

    public IReadOnlyList<byte[]> Events => events;

    /// <summary>What the next write throws, once.</summary>
    public Exception? Failure { get; set; }

    public Task<LedgerContent> TakeOverAsync(string federation, CancellationToken cancellation) =>
        Task.FromResult(new LedgerContent(++owner, Version, head, [.. events], [.. records]));

    public Task AppendAsync(string federation, long epoch, int position, IReadOnlyList<byte[]> events,
        CancellationToken cancellation)
    {
        Admit(epoch);
        if (position == this.events.Count)
            this.events.AddRange(events);
        else if (!this.events.Skip(position).Zip(events).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second))
            || position + events.Count != this.events.Count)
            throw new FencedException("The position is not the ledger's.");
        return Task.CompletedTask;
    }

    public Task CommitAsync(string federation, long epoch, int version, byte[] head, IReadOnlyList<byte[]> records,
        CancellationToken cancellation)
    {
        Admit(epoch);
        if (version == Version && head.AsSpan().SequenceEqual(this.head))
            return Task.CompletedTask;
        if (version != Version + 1)
            throw new FencedException("The version is not the next.");
        if (this.records.Count + records.Count != version + 1)
            throw new ArgumentException("There are too many records, or too few.", nameof(records));
        histories[Version] = [.. events];
        (Version, this.head) = (version, head);
        this.records.AddRange(records);
        events.Clear();
        return Task.CompletedTask;
    }

    public Task<byte[]?> RecordAsync(string federation, int version, CancellationToken cancellation) =>
        Task.FromResult(version < records.Count ? records[version] : null);

    public Task<IReadOnlyList<byte[]>> HistoryAsync(string federation, int version, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<byte[]>>(version == Version ? [.. events] : version == Version - 1
            ? histories.GetValueOrDefault(version, []) : []);

    void Admit(long epoch)
    {
        if (epoch != owner)
            throw new FencedException("Another owner took over.");
        if (Failure is { } failure)
        {
            Failure = null;
            throw failure;
        }
    }
}

/// <summary>Blobs that last as long as their test.</summary>
sealed class BlobsInMemory : IBlobs
{
    readonly ConcurrentDictionary<string, byte[]> blobs = [];

    public Task<long?> LengthAsync(string name, CancellationToken cancellation) =>
        Task.FromResult<long?>(blobs.TryGetValue(name, out byte[]? bytes) ? bytes.Length : null);

    public Task AppendAsync(string name, long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        byte[] before = blobs.GetValueOrDefault(name, []);
        if (before.Length < offset)
            throw new InvalidOperationException($"The blob '{name}' is shorter than {offset}.");
        blobs[name] = [.. before.AsSpan(0, (int)offset), .. bytes.Span];
        return Task.CompletedTask;
    }

    public Task FlushAsync(string name, CancellationToken cancellation) => blobs.ContainsKey(name) ? Task.CompletedTask
        : throw new FileNotFoundException($"There is no '{name}'.");

    public Task MoveAsync(string from, string to, CancellationToken cancellation)
    {
        blobs[to] = blobs.TryRemove(from, out byte[]? bytes) ? bytes : throw new FileNotFoundException($"There is no '{from}'.");
        return Task.CompletedTask;
    }

    public Task<int> ReadAsync(string name, long offset, Memory<byte> destination, CancellationToken cancellation)
    {
        if (!blobs.TryGetValue(name, out byte[]? bytes))
            throw new FileNotFoundException($"There is no '{name}'.");
        int read = (int)Math.Clamp(bytes.Length - offset, 0, destination.Length);
        bytes.AsMemory((int)Math.Min(offset, bytes.Length), read).CopyTo(destination);
        return Task.FromResult(read);
    }

    public Task DeleteAsync(string name, CancellationToken cancellation)
    {
        blobs.TryRemove(name, out _);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<string>>(
            [.. blobs.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)]);
}
