using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Plume.Cli.Network.Serving;

/// <summary>The address of a server as its clients write it.</summary>
static class ServedAddress
{
    /// <summary>An address that can be called: one that means all of the machine's gets the certificate's first name.</summary>
    /// <param name="listening">Where the server listens, as a URL.</param>
    /// <param name="certificate">What the server shows; null for a server without TLS.</param>
    public static string For(string listening, X509Certificate2? certificate)
    {
        var address = new UriBuilder(listening);
        bool isAll = IPAddress.TryParse(address.Host.Trim('[', ']'), out var host)
            && (host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any));
        if (!isAll || certificate?.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault() is not { } names)
            return listening;
        address.Host = names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(name => name.ToString())).First();
        return address.Uri.GetLeftPart(UriPartial.Authority);
    }
}
