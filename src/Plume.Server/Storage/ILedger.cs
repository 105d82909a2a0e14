namespace Plume.Server.Storage;

/// <summary>
/// What a federation may never forget or do twice: a head, one for each version of the model, the events since it, in order, and
/// a record of each version, which stay. Only the newest owner may write.
/// </summary>
public interface ILedger
{
    /// <summary>Makes the caller the owner: what earlier owners write from now on is refused.</summary>
    /// <param name="federation">The federation's name.</param>
    /// <param name="cancellation">Stops waiting.</param>
    Task<LedgerContent> TakeOverAsync(string federation, CancellationToken cancellation);

    /// <summary>Adds events; they are durable when this returns.</summary>
    /// <param name="federation">The federation's name.</param>
    /// <param name="epoch">The owner's epoch.</param>
    /// <param name="position">How many events there are since the head: an append that was made already is not made
    /// twice.</param>
    /// <param name="events">At least one.</param>
    /// <param name="cancellation">Stops waiting; the events may or may not have been added.</param>
    /// <exception cref="FencedException">Another owner took over, or the position is not the ledger's.</exception>
    /// <exception cref="UnknownOutcomeException">They may or may not have been kept; who takes over sees which.</exception>
    /// <exception cref="IOException">They could not be kept.</exception>
    Task AppendAsync(string federation, long epoch, int position, IReadOnlyList<byte[]> events, CancellationToken cancellation);

    /// <summary>
    /// Replaces the head by that of the next version, with no events since it, all at once and durably, and adds its record. The
    /// events before it stay until the version after it. A commit that was made already is not made twice.
    /// </summary>
    /// <param name="federation">The federation's name.</param>
    /// <param name="epoch">The owner's epoch.</param>
    /// <param name="version">The next one.</param>
    /// <param name="head">Its head.</param>
    /// <param name="records">Of the versions up to this one that have none yet: its own, and all before it in a ledger that was
    /// written without.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="ArgumentException">There are too many records, or too few.</exception>
    /// <exception cref="FencedException">Another owner took over, or the version is not one above the head's.</exception>
    /// <exception cref="UnknownOutcomeException">The new head or the old one stands; who takes over sees which.</exception>
    /// <exception cref="IOException">It could not be kept; the old head stands.</exception>
    Task CommitAsync(string federation, long epoch, int version, byte[] head, IReadOnlyList<byte[]> records,
        CancellationToken cancellation);

    /// <summary>The record of a version; null where it has none.</summary>
    Task<byte[]?> RecordAsync(string federation, int version, CancellationToken cancellation);

    /// <summary>
    /// The events that led from one version to the next, for the newest version and the one before; empty where there are none.
    /// </summary>
    Task<IReadOnlyList<byte[]>> HistoryAsync(string federation, int version, CancellationToken cancellation);
}

/// <summary>What a ledger holds at the moment that it gets a new owner.</summary>
/// <param name="Epoch">The new owner's: above all earlier ones.</param>
/// <param name="Version">Of the head; -1 where nothing was ever committed.</param>
/// <param name="Head">The head's bytes; empty where there is none.</param>
/// <param name="Events">What happened since.</param>
/// <param name="Records">Of all versions, from 0 on; empty where an earlier release wrote the head.</param>
public sealed record LedgerContent(long Epoch, int Version, byte[] Head, IReadOnlyList<byte[]> Events,
    IReadOnlyList<byte[]> Records);

/// <summary>A write was refused because another server owns the federation now, or because it was not the next one.</summary>
public sealed class FencedException : InvalidOperationException
{
    /// <summary>A refusal without a reason.</summary>
    public FencedException()
    {
    }

    /// <summary>A refusal.</summary>
    public FencedException(string message)
        : base(message)
    {
    }

    /// <summary>A refusal that another error caused.</summary>
    public FencedException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
