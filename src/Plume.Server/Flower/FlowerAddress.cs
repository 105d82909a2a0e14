using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Plume.Server.Flower;

/// <summary>Where the Flower door of a server really listens, whose port may have been any free one.</summary>
sealed class FlowerAddress
{
    /// <summary>What the server listens with, once it is configured.</summary>
    public ListenOptions? Listen { get; set; }

    /// <summary>The address and port, once the server has started.</summary>
    /// <exception cref="InvalidOperationException">It is not configured yet.</exception>
    public IPEndPoint Bound =>
        Listen?.IPEndPoint ?? throw new InvalidOperationException(
            "The Flower door has no address before the server has started.");
}
