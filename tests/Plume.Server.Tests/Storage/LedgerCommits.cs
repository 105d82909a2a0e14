using Plume.Server.Storage;

namespace Plume.Server.Tests.Storage;

static class LedgerCommits
{
    /// <summary>Commits the next version with its head for a record.</summary>
    public static Task CommitAsync(this ILedger ledger, string federation, long epoch, int version, byte[] head,
        CancellationToken cancellation) =>
        ledger.CommitAsync(federation, epoch, version, head, [head], cancellation);
}
