using Plume.Federation.Rounds;
using Plume.Server.Federations.Records;
using Plume.Server.Storage;

namespace Plume.Server.Federations.Writing;

/// <summary>
/// The records of versions from a ledger of an earlier release, which has none: its head tells all rounds, and its events who was
/// answered.
/// </summary>
sealed class EarlierRecords(ILedger ledger, string id, string federation, FederationPlan plan)
{
    /// <summary>The records of all versions.</summary>
    /// <exception cref="InvalidDataException">The head contradicts itself.</exception>
    public async Task<List<VersionRecord>> OfAsync(WholeHistory whole, int newest, CancellationToken cancellation)
    {
        if (whole.Lengths!.Count != newest || whole.Hashes.Count != newest || whole.History.Count != newest)
            throw new InvalidDataException(
                $"The head of version {newest} of '{federation}' tells of {whole.History.Count} rounds. Restore the storage "
                    + $"from a copy.");
        var records = new List<VersionRecord>();
        for (int version = 0; version <= newest; version++)
        {
            var places = version == newest ? whole.Places : new Dictionary<int, string>();
            records.Add(version == 0
                ? VersionRecord.First with { Places = places }
                : new VersionRecord(whole.Lengths[version - 1], whole.Hashes[version - 1], whole.History[version - 1], places,
                    await SettledBeforeAsync(version, cancellation).ConfigureAwait(false)));
        }

        return records;
    }

    async Task<SettledUpdate[]> SettledBeforeAsync(int version, CancellationToken cancellation)
    {
        var arrived = new Dictionary<int, ArrivedUpdate>();
        var updates = new List<SettledUpdate>();
        foreach (byte[] bytes in await ledger.HistoryAsync(id, version - 1, cancellation).ConfigureAwait(false))
        {
            var happened = LedgerEvent.FromBytes(bytes);
            if (happened is Arrived arrival)
                arrived[arrival.Update.Client] = arrival.Update;
            else if (happened is WasAdded added)
                updates.Add(SettledUpdate.Of(version, arrived[added.Client],
                    UploadOutcome.CountedOf(arrived[added.Client], plan)));
            else if (happened is WasInvalid invalid)
                updates.Add(SettledUpdate.Of(version, arrived[invalid.Client],
                    new UploadOutcome(false, nameof(Refusal.Invalid), invalid.Problem)));
        }

        return [.. updates];
    }
}
