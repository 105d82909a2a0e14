using System.Collections.Concurrent;
using Plume.Federation.Rounds;

namespace Plume.Server.Rpc;

/// <summary>
/// What this server saw clients do, and what they run: only to be shown, not known to other servers of a cluster, and gone with
/// the process.
/// </summary>
sealed class ClientActivities
{
    const int LongestSoftware = 100, MostNames = 100_000;

    // By place, which may change hands; by name, which does not.
    readonly ConcurrentDictionary<int, (RoundPart Part, bool IsUploading)> parts = [];
    readonly ConcurrentDictionary<string, string> software = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, ClientTransfers> transfers = new(StringComparer.Ordinal);

    /// <summary>A client was told its task.</summary>
    public void Took(RoundPart part) => parts[part.Client] = (part, false);

    /// <summary>A client begins to send its update.</summary>
    public void Uploads(RoundPart part) => parts[part.Client] = (part, true);

    /// <summary>A client said what it runs; empty for nothing.</summary>
    public void Runs(string client, string text)
    {
        if (text.Length > 0 && (software.Count < MostNames || software.ContainsKey(client)))
            software[client] = text.Length <= LongestSoftware ? text : text[..LongestSoftware];
    }

    /// <summary>Whether a client was seen at work on its part, and whether it sends its update.</summary>
    public (bool IsAtWork, bool IsUploading) Of(RoundPart part) =>
        parts.TryGetValue(part.Client, out var known) && known.Part == part ? (true, known.IsUploading) : (false, false);

    /// <summary>What a client runs; null where it did not say.</summary>
    public string? SoftwareOf(string client) => software.GetValueOrDefault(client);

    /// <summary>What a client sent and was sent; what is noted there stays.</summary>
    public ClientTransfers TransfersOf(string client) => transfers.TryGetValue(client, out var known) ? known
        : transfers.Count < MostNames ? transfers.GetOrAdd(client, _ => new ClientTransfers()) : new ClientTransfers();

    /// <summary>Forgets who has which place: some have changed hands.</summary>
    public void ForgetPlaces() => parts.Clear();
}
