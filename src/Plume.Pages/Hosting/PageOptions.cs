using System.Net;
using Plume.Pages.Actions;

namespace Plume.Pages.Hosting;

/// <summary>How a page is served.</summary>
/// <param name="Listen">Where; only loopback, since what is said there is not encrypted.</param>
public sealed record PageOptions(IPEndPoint Listen)
{
    /// <summary>Whether another port will do where somebody else has this one.</summary>
    public bool TakesAnyPort { get; init; }

    /// <summary>What operators can do from it; null for a page that can only be looked at.</summary>
    public IOperatorActions? Actions { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Every rule that the options break, in sentences.</summary>
    public IEnumerable<string> Problems()
    {
        if (!IPAddress.IsLoopback(Listen.Address))
            yield return $"The page is plain HTTP, so it listens on loopback only, but is to listen on {Listen.Address}. From "
                + $"another machine go through a tunnel: ssh -L {Listen.Port}:127.0.0.1:{Listen.Port} HOST.";
    }
}
