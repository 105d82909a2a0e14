using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Plume.Server.Flower;

/// <summary>
/// The names of the clients whose streams are open. Flower's wire has none: a client is called by the metadata
/// <c>client-id</c> where it sends that, and otherwise by its address and the lowest number that is free there.
/// </summary>
sealed class FlowerNames(int most)
{
    /// <summary>What the names of all of them begin with, and those of no client that was invited.</summary>
    public const string Prefix = "flower/";

    /// <summary>The metadata in which a client may say what it is called.</summary>
    public const string Metadata = "client-id";

    const int LongestId = 64;

    readonly Lock access = new();
    readonly HashSet<string> open = new(StringComparer.Ordinal);

    /// <summary>Whether a text can be a <c>client-id</c>: 1 to 64 letters, digits, dots and dashes, the first one no dot.</summary>
    public static bool IsId(string id) =>
        id.Length is >= 1 and <= LongestId && id[0] != '.' && id.All(mark => char.IsAsciiLetterOrDigit(mark) || mark is '.' or '-');

    /// <summary>Takes a name, which is given back with <see cref="GiveBack"/>.</summary>
    /// <param name="id">What the client says it is called, in any case; null where it does not say.</param>
    /// <param name="peer">Its address, where it has one.</param>
    /// <param name="name">The name.</param>
    /// <param name="problem">Why there is none for it.</param>
    public bool TryTake(string? id, IPAddress? peer, [NotNullWhen(true)] out string? name, [NotNullWhen(false)] out string? problem)
    {
        (name, problem) = (null, null);
        lock (access)
        {
            if (open.Count >= most)
            {
                problem = $"The Flower door lets in {most} clients at a time, and they are there. Come back later.";
                return false;
            }

            string wanted = id is null ? Free(peer) : $"{Prefix}id/{id.ToLowerInvariant()}";
            if (!open.Add(wanted))
            {
                problem = $"A client with the {Metadata} '{id}' is there already. Come back when it has gone, or under another.";
                return false;
            }

            name = wanted;
            return true;
        }
    }

    /// <summary>Frees a name.</summary>
    public void GiveBack(string name)
    {
        lock (access)
            open.Remove(name);
    }

    string Free(IPAddress? peer)
    {
        string address = peer is null ? "local" : (peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer).ToString().Split('%')[0].Replace(':', '-');
        for (int number = 1; ; number++)
        {
            string name = $"{Prefix}peer/{address}/{number}";
            if (!open.Contains(name))
                return name;
        }
    }
}
