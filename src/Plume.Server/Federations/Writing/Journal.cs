using Plume.Federation.Rounds;
using Plume.Server.Federations.Records;
using Plume.Server.Storage;

namespace Plume.Server.Federations.Writing;

/// <summary>
/// A federation's ledger as its owner writes it: by one epoch, at the right place, and with what the newest head says at hand.
/// </summary>
/// <param name="ledger">The ledger.</param>
/// <param name="id">What the federation is called in storage.</param>
/// <param name="federation">What its operators call it.</param>
sealed class Journal(ILedger ledger, string id, string federation)
{
    // Of all versions, in a ledger of an earlier release: they are written with the next version.
    IReadOnlyList<byte[]> unrecorded = [];
    int position;

    /// <summary>The owner's, above all earlier ones.</summary>
    public long Epoch { get; private set; }

    /// <summary>What the ledger says of the newest version.</summary>
    public FederationHead Head { get; private set; } = null!;

    /// <summary>Becomes the owner: what an earlier one still writes is refused.</summary>
    /// <returns>What the ledger has; a version below 0 where it is empty.</returns>
    public async Task<LedgerContent> TakeOverAsync(CancellationToken cancellation)
    {
        var content = await ledger.TakeOverAsync(id, cancellation).ConfigureAwait(false);
        (Epoch, position) = (content.Epoch, content.Events.Count);
        return content;
    }

    /// <summary>Writes version 0, into an empty ledger.</summary>
    public async Task BeginAsync(FederationHead first, CancellationToken cancellation)
    {
        await ledger.CommitAsync(id, Epoch, 0, first.ToBytes(), [VersionRecord.First.ToBytes()], cancellation)
            .ConfigureAwait(false);
        Head = first;
    }

    /// <summary>Reads the head and the records of all versions.</summary>
    /// <param name="content">What the ledger has.</param>
    /// <param name="plan">The rules, by which a ledger of an earlier release is read.</param>
    /// <param name="fingerprint">Of the definition.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="InvalidDataException">They cannot be read, do not fit each other, or are of other settings.</exception>
    public async Task<IReadOnlyList<VersionRecord>> ReadAsync(LedgerContent content, FederationPlan plan, ulong fingerprint,
        CancellationToken cancellation)
    {
        Head = FederationHead.FromBytes(content.Head);
        if (Head.Fingerprint != fingerprint)
            throw new InvalidDataException(
                $"The storage has a federation '{federation}' of other settings. Serve the experiment it was begun with, or "
                    + $"give this one another name or folder. For more rounds, serve that experiment and run plume extend.");
        var whole = WholeHistory.In(content.Head);
        if (content.Records.Count == 0 && whole is not null)
        {
            Head = Head with { Version = content.Version, Graph = "" };
            var made = await new EarlierRecords(ledger, id, federation, plan).OfAsync(whole, content.Version, cancellation)
                .ConfigureAwait(false);
            unrecorded = [.. made.Select(record => record.ToBytes())];
            return made;
        }

        var records = content.Records.Select(VersionRecord.FromBytes).ToList();
        if (Head.Version == 0)
            Head = Head with { Version = whole is null ? 0 : content.Version, Graph = Head.Graph ?? "" };
        return records.Count == content.Version + 1 && Head.Version == content.Version
            ? records
            : throw new InvalidDataException(
                $"The head of version {content.Version} of '{federation}' is of version {Head.Version}, with the records of "
                    + $"{records.Count} versions. Restore the storage from a copy.");
    }

    /// <summary>Goes on with other hashes of graphs than the ledger has; they are written with the next version.</summary>
    public void Regraph(string[] hashes) => Head = Head.With(hashes);

    /// <summary>Writes an event; it is durable when this returns.</summary>
    public async Task AppendAsync(LedgerEvent happened)
    {
        await ledger.AppendAsync(id, Epoch, position, [happened.ToBytes()], CancellationToken.None).ConfigureAwait(false);
        CrashPoint.Pass(happened switch
        {
            Arrived => "arrived",
            WasAdded => "added",
            SumWasClosed => "sum-closed",
            SumWasRevealed => "sum-revealed",
            _ => "event",
        });
        position++;
    }

    /// <summary>Writes the next version, with no events since it; it is the newest when this returns.</summary>
    public async Task CommitAsync(FederationHead next, VersionRecord record)
    {
        await ledger.CommitAsync(id, Epoch, next.Version, next.ToBytes(), [.. unrecorded, record.ToBytes()],
            CancellationToken.None).ConfigureAwait(false);
        CrashPoint.Pass("committed");
        (Head, position, unrecorded) = (next, 0, []);
    }

    /// <summary>The record of a version; null where it has none.</summary>
    public async Task<VersionRecord?> RecordAsync(int version)
    {
        byte[]? bytes = unrecorded.Count > 0 ? unrecorded.ElementAtOrDefault(version)
            : await ledger.RecordAsync(id, version, CancellationToken.None).ConfigureAwait(false);
        return bytes is null ? null : VersionRecord.FromBytes(bytes);
    }
}
