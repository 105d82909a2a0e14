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
