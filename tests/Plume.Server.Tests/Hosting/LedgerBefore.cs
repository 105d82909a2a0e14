using System.Text;
using Plume.Server.Storage;

namespace Plume.Server.Tests.Hosting;

/// <summary>A ledger before another, which does what that does as far as a test says nothing else.</summary>
abstract class LedgerBefore : ILedger
{
    protected ILedger Inner { get; private set; } = null!;

    /// <summary>Puts it before a server's ledger.</summary>
    public ILedger Before(ILedger ledger)
    {
        Inner = ledger;
        return this;
    }

    public virtual Task<LedgerContent> TakeOverAsync(string federation, CancellationToken cancellation) =>
        Inner.TakeOverAsync(federation, cancellation);

    public virtual Task AppendAsync(string federation, long epoch, int position, IReadOnlyList<byte[]> events,
        CancellationToken cancellation) =>
        Inner.AppendAsync(federation, epoch, position, events, cancellation);

    public virtual Task CommitAsync(string federation, long epoch, int version, byte[] head, IReadOnlyList<byte[]> records,
        CancellationToken cancellation) =>
        Inner.CommitAsync(federation, epoch, version, head, records, cancellation);

    public Task<IReadOnlyList<byte[]>> HistoryAsync(string federation, int version, CancellationToken cancellation) =>
        Inner.HistoryAsync(federation, version, cancellation);

    public Task<byte[]?> RecordAsync(string federation, int version, CancellationToken cancellation) =>
        Inner.RecordAsync(federation, version, cancellation);

    /// <summary>Whether one of the events has this name.</summary>
    protected static bool Has(IReadOnlyList<byte[]> events, string? name) =>
        events.Any(item => Encoding.UTF8.GetString(item).Contains($"\"event\":\"{name}\"", StringComparison.Ordinal));
}
