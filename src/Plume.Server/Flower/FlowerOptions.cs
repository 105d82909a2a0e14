using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Plume.Server.Flower;

/// <summary>
/// How the Flower door stands open. A server without these options has no such door. Flower's stream has no authentication of
/// clients: whoever reaches the address can take a place in the federation.
/// </summary>
public sealed record FlowerOptions
{
    /// <summary>
    /// Where the door listens: an address of its own, since nothing else is served there; port 0 for any free one.
    /// </summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>The server's certificate, with its private key. Needed where the address is not loopback.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Most clients at a time; each may hold a model's size in memory while it sends its update.</summary>
    public int MaximumClients { get; init; } = 100;

    /// <summary>
    /// Places of the federation that Flower's clients cannot have, since they are for invited ones; null for as many as are
    /// invited.
    /// </summary>
    public int? ReservedPlaces { get; init; }

    /// <summary>Whether clients measure each model on their own data before they train it.</summary>
    public bool Measures { get; init; }

    /// <summary>
    /// Whether models are compressed for clients that take that. It spares about 7 % of the bytes of a trained model, and
    /// costs the server some 30 ms of work for each megabyte and client.
    /// </summary>
    public bool Gzip { get; init; } = true;

    /// <summary>After how long clients shall come back when the server stops.</summary>
    public TimeSpan ComeBackAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Every rule that the options break, in sentences; empty for options that can be used.</summary>
    public IEnumerable<string> Problems()
    {
        if (!IPAddress.IsLoopback(Listen.Address) && Certificate is null)
            yield return $"The Flower door must listen on loopback or have a certificate, but {Listen} is neither: listen on "
                + $"{IPAddress.Loopback}, or name a certificate with its key.";
        if (Certificate is { HasPrivateKey: false })
            yield return $"The Flower door's certificate must have its private key, but that of '{Certificate.Subject}' has "
                + $"none: give the key too.";
        if (MaximumClients < 1)
            yield return $"The Flower door must let in at least 1 client at a time, but lets in {MaximumClients}.";
        if (ReservedPlaces < 0)
            yield return $"The places that are kept for invited clients must be 0 or more, but are {ReservedPlaces}.";
        if (ComeBackAfter < TimeSpan.FromSeconds(1) || ComeBackAfter > TimeSpan.FromHours(1))
            yield return $"Flower clients must come back after 1 second to 1 hour, but shall after {ComeBackAfter}.";
    }
}
