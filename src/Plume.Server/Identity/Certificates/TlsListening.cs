using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Plume.Server.Identity.Certificates;

/// <summary>TLS as a server of Plume speaks it.</summary>
public static class TlsListening
{
    /// <summary>A stranger may hold a connection so long without ending its handshake.</summary>
    static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(10);

    /// <summary>
    /// TLS 1.3 or 1.2 on a listener. Client certificates are asked for, and judged call by call: who enrols has none yet, and a
    /// refused caller is to be told why.
    /// </summary>
    /// <param name="listen">The listener.</param>
    /// <param name="server">The server's certificate with its key.</param>
    /// <param name="issuers">Those that issued it, sent along; empty for one of the private root.</param>
    /// <param name="clientRoot">The root of client certificates.</param>
    /// <param name="served">The newest of the server's certificates; null where it is always the same.</param>
    public static ListenOptions UsePlumeTls(this ListenOptions listen, X509Certificate2 server,
        X509Certificate2Collection issuers, X509Certificate2 clientRoot, ServedCertificate? served = null) =>
        listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = server,
            ServerCertificateChain = issuers,
            SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            HandshakeTimeout = HandshakeLimit,
            ClientCertificateMode = ClientCertificateMode.AllowCertificate,
            ClientCertificateValidation = (_, _, _) => true,
            // The handshake builds a chain in any case; it must not fetch anything for it.
            OnAuthenticate = (_, options) =>
            {
                options.CertificateChainPolicy = CertificateCheck.PolicyOf(clientRoot);
                if (served is not null)
                    options.ServerCertificateContext = served.Context;
            },
        });
}
