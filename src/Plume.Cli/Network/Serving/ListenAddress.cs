using System.Net;

namespace Plume.Cli.Network.Serving;

/// <summary>An address of this machine and a port on it, as people write them.</summary>
static class ListenAddress
{
    /// <exception cref="FormatException">The text is none; port 0, which is any free one, must be written.</exception>
    public static IPEndPoint Parse(string text) =>
        IPEndPoint.TryParse(text.Replace("localhost", "127.0.0.1", StringComparison.Ordinal), out var address)
            && (address.Port > 0 || text.EndsWith(":0", StringComparison.Ordinal))
            ? address
            : throw new FormatException($"must be an address and a port such as 127.0.0.1:7443 or 0.0.0.0:7443, but is '{text}'");
}
