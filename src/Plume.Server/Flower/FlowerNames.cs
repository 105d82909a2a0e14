using System.Diagnostics.CodeAnalysis;
using System.Net;
using Plume.Server.Identity;

namespace Plume.Server.Flower;

/// <summary>
/// The names of the clients whose streams are open. Flower's wire has none: a client is called by the metadata
/// <c>client-id</c> where it sends that, and otherwise by its address and the lowest number that is free there.
/// </summary>
sealed class FlowerNames(int most)
{
    /// <summary>What the names of all of them begin with, and those of no client that was invited.</summary>
    public const string Prefix = ClientName.Uninvited;

    /// <summary>The metadata in which a client may say what it is called.</summary>
    public const string Metadata = "client-id";

    const int LongestId = 64;

    readonly Lock access = new();
    readonly HashSet<string> open = new(StringComparer.Ordinal);

    // Who can be sent away, the longest first, and who was and is not gone yet.
    readonly OrderedDictionary<string, CancellationTokenSource> late = new(StringComparer.Ordinal);
    readonly HashSet<string> leaving = new(StringComparer.Ordinal);

    /// <summary>
    /// Whether a text can be a <c>client-id</c>: 1 to 64 letters, digits, dots and dashes, the first one no dot.
    /// </summary>
    public static bool IsId(string id) =>
        id.Length is >= 1 and <= LongestId && id[0] != '.'
            && id.All(mark => char.IsAsciiLetterOrDigit(mark) || mark is '.' or '-');

    /// <summary>Takes a name, which is given back with <see cref="GiveBack"/>.</summary>
    /// <param name="id">What the client says it is called, in any case; null where it does not say.</param>
    /// <param name="peer">Its address, where it has one.</param>
    /// <param name="name">The name.</param>
    /// <param name="problem">Why there is none for it.</param>
    public bool TryTake(string? id, IPAddress? peer, [NotNullWhen(true)] out string? name,
        [NotNullWhen(false)] out string? problem)
    {
        (name, problem) = (null, null);
        CancellationTokenSource? sent = null;
        lock (access)
        {
            string wanted = id is null ? Free(peer) : $"{Prefix}id/{id.ToLowerInvariant()}";
            if (open.Contains(wanted))
                problem = $"A client with the {Metadata} '{id}' is there already. Come back when it has gone, or under another.";
            else if (open.Count - leaving.Count >= most && !TrySendAway(out sent))
                problem = $"The Flower door lets in {most} clients at a time, and they are there. Come back later.";
            else
                open.Add(name = wanted);
        }

        sent?.Cancel();
        return name is not null;
    }

    /// <summary>
    /// Says that a client is late, so that it can be sent away where another wants to come in and all places are taken.
    /// </summary>
    /// <returns>Is cancelled when it is sent away.</returns>
    public CancellationToken MayGo(string name)
    {
        lock (access)
            return (late[name] = new CancellationTokenSource()).Token;
    }

    /// <summary>Says that a client is late no longer.</summary>
    public void Stays(string name)
    {
        lock (access)
            late.Remove(name);
    }

    /// <summary>Frees a name.</summary>
    public void GiveBack(string name)
    {
        lock (access)
        {
            open.Remove(name);
            late.Remove(name);
            leaving.Remove(name);
        }
    }

    bool TrySendAway([NotNullWhen(true)] out CancellationTokenSource? sent)
    {
        sent = null;
        if (late.Count == 0)
            return false;
        (string name, sent) = late.GetAt(0);
        late.RemoveAt(0);
        return leaving.Add(name);
    }

    string Free(IPAddress? peer)
    {
        string address = peer is null ? "local"
            : (peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer).ToString().Split('%')[0].Replace(':', '-');
        for (int number = 1; ; number++)
        {
            string name = $"{Prefix}peer/{address}/{number}";
            if (!open.Contains(name))
                return name;
        }
    }
}
