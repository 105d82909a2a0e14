using System.Net;
using Plume.Pages.Hosting;

namespace Plume.Cli.Network.Serving;

/// <summary>Where a page is served, as people write it: an address of loopback with a port, or <c>none</c>.</summary>
/// <param name="Options">How it is served; null for no page.</param>
sealed record PagePlace(PageOptions? Options)
{
    /// <summary>What stands for no page.</summary>
    public const string Nowhere = "none";

    /// <summary>Where a page is that nobody said a place for. Its port is taken only if it is free, another one else.</summary>
    public const string Usual = "127.0.0.1:7480";

    /// <exception cref="FormatException">The text is neither, or the address is not loopback's.</exception>
    public static PagePlace Parse(string text)
    {
        if (text == Nowhere)
            return new PagePlace(Options: null);
        var options = new PageOptions(ListenAddress.Parse(text)) { TakesAnyPort = text == Usual };
        return IPAddress.IsLoopback(options.Listen.Address) ? new PagePlace(options)
            : throw new FormatException($"is plain HTTP and must be on loopback such as {Usual}, or {Nowhere}, but is '{text}'; from "
                + $"another machine go through a tunnel: ssh -L {options.Listen.Port}:127.0.0.1:{options.Listen.Port} HOST");
    }
}
