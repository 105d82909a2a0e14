using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;

namespace Plume.Client.Calls;

/// <summary>The way to the server, over which all calls of a client go.</summary>
sealed class ServerConnection : IDisposable
{
    const int MessageBytes = 1 << 20;

    static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(20);
    static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(10);
    static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    // A connection shows the certificate that was the newest when it was made; none lives until that one is old.
    static readonly TimeSpan ConnectionLife = TimeSpan.FromHours(1);

    readonly GrpcChannel channel;
    readonly Metadata? headers;

    /// <exception cref="FederationException">The root certificate cannot be read.</exception>
    public ServerConnection(ClientOptions options)
    {
        var handler = options.Handler ?? Handler(options);
        channel = GrpcChannel.ForAddress(options.Server, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = options.Handler is null,
            MaxReceiveMessageSize = MessageBytes,
            ThrowOperationCanceledOnCancellation = true,
        });
        Calls = new Protocol.V1.Federation.FederationClient(channel);
        if (options.Server.Scheme == "http")
            headers = new Metadata { { "plume-client", options.Name } };
    }

    /// <summary>The calls that the server takes.</summary>
    public Protocol.V1.Federation.FederationClient Calls { get; }

    /// <summary>What every call is made with.</summary>
    public CallOptions With(CancellationToken cancellation) => new(headers, cancellationToken: cancellation);

    public void Dispose() => channel.Dispose();

    static SocketsHttpHandler Handler(ClientOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = PingDelay,
            KeepAlivePingTimeout = PingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = ConnectionLife,
        };
        if (options.RootFile is { } root)
            handler.SslOptions.CertificateChainPolicy = TrustOnly(root);
        if (options.Certificate is { } certificate)
            handler.SslOptions.LocalCertificateSelectionCallback = Show(certificate);
        return handler;
    }

    // The callback's type has no null, but TLS takes one for a client without a certificate.
    static LocalCertificateSelectionCallback Show(Func<X509Certificate2?> certificate) => (_, _, _, _, _) => certificate()!;

    static X509ChainPolicy TrustOnly(string root)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(root);
        }
        catch (Exception problem) when (problem is CryptographicException or IOException)
        {
            throw new FederationException($"'{root}' must be the server's root certificate in PEM, but cannot be read as one: {problem.Message} Ask the operator for it.", problem);
        }

        if (policy.CustomTrustStore.Count == 0)
            throw new FederationException($"'{root}' must be the server's root certificate in PEM, but has none in it. Ask the operator for it.");
        return policy;
    }
}
