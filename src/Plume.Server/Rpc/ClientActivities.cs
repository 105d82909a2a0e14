using System.Collections.Concurrent;
using Plume.Federation.Rounds;

namespace Plume.Server.Rpc;

/// <summary>
/// What this server saw clients do of their tasks, and what they run: only to be shown, and not known to other servers of a
/// cluster.
/// </summary>
sealed class ClientActivities
{
    const int LongestSoftware = 100;

    readonly ConcurrentDictionary<int, (RoundPart Part, bool IsUploading)> parts = [];
    readonly ConcurrentDictionary<int, string> software = [];

    /// <summary>A client was told its task.</summary>
    public void Took(RoundPart part) => parts[part.Client] = (part, false);

    /// <summary>A client begins to send its update.</summary>
    public void Uploads(RoundPart part) => parts[part.Client] = (part, true);

    /// <summary>A client said what it runs; empty for nothing.</summary>
    public void Runs(int client, string text)
    {
        if (text.Length > 0)
            software[client] = text.Length <= LongestSoftware ? text : text[..LongestSoftware];
    }

    /// <summary>Whether a client was seen at work on its part, and whether it sends its update.</summary>
    public (bool IsAtWork, bool IsUploading) Of(RoundPart part) =>
        parts.TryGetValue(part.Client, out var known) && known.Part == part ? (true, known.IsUploading) : (false, false);

    /// <summary>What a client runs; null where it did not say.</summary>
    public string? SoftwareOf(int client) => software.GetValueOrDefault(client);

    /// <summary>Forgets all: places have changed hands.</summary>
    public void Clear()
    {
        parts.Clear();
        software.Clear();
    }
}
