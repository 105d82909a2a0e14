using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Plume.Client.Identity;

/// <summary>
/// Which servers a client believes: those with a certificate of one private root, or those that the machine believes.
/// </summary>
public sealed class ServerTrust
{
    /// <summary>
    /// The certificate that a connection showed when it was made is renewed long before it ends; no connection lives so long that
    /// it would show one that has ended.
    /// </summary>
    static readonly TimeSpan ConnectionLife = TimeSpan.FromHours(1);

    const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    readonly X509Certificate2? root;
    readonly string? rootFile;
    readonly TimeProvider time;

    ServerTrust(X509Certificate2? root, string? rootFile, TimeProvider time) =>
        (this.root, this.rootFile, this.time) = (root, rootFile, time);

    /// <summary>Believes whom the machine believes: for servers with a public certificate.</summary>
    public static ServerTrust OfMachine { get; } = new(null, null, TimeProvider.System);

    /// <summary>Believes servers with a certificate of one root, and no others.</summary>
    /// <param name="path">The root's certificate in PEM, which the operator gave.</param>
    /// <param name="time">Tells whether certificates are good; null for the machine's clock.</param>
    /// <exception cref="InvalidDataException">The file is missing or is no certificate in PEM.</exception>
    public static ServerTrust FromRoot(string path, TimeProvider? time = null)
    {
        try
        {
            return new ServerTrust(X509Certificate2.CreateFromPem(File.ReadAllText(path)), path, time ?? TimeProvider.System);
        }
        catch (Exception error) when (error is IOException or CryptographicException)
        {
            throw new InvalidDataException(
                $"{path} must be the root certificate of the server in PEM, and is not: {error.Message} Ask the operator for "
                    + $"root.pem.", error);
        }
    }

    /// <summary>A handler for channels to the server, over TLS 1.3 or 1.2.</summary>
    /// <param name="certificate">Shown to the server, always the newest; null for a client that has none yet.</param>
    public SocketsHttpHandler CreateHandler(ClientCertificate? certificate) =>
        CreateHandlerShowing(certificate is null ? null : () => certificate.Certificate);

    /// <summary>The same for a certificate from anywhere.</summary>
    internal SocketsHttpHandler CreateHandlerShowing(Func<X509Certificate2?>? certificate)
    {
        var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true, PooledConnectionLifetime = ConnectionLife };
        var options = handler.SslOptions;
        options.EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        if (root is not null)
            options.CertificateChainPolicy = TrustOnly(root);
        options.RemoteCertificateValidationCallback = Believe;
        if (certificate is not null)
            options.LocalCertificateSelectionCallback = (_, _, _, _, _) =>
                certificate()!; // TLS takes a null, which the callback's type does not have.
        return handler;
    }

    // What TLS itself would say of a certificate tells a person neither what is wrong nor what to do.
    bool Believe(object connection, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        string host = ((SslStream)connection).TargetHostName;
        if (root is null || time == TimeProvider.System || shown is not X509Certificate2 certificate)
            return errors == SslPolicyErrors.None ? true
                : throw new DistrustException(
                    CertificateProblem.Explain(shown as X509Certificate2, chain, errors, host, rootFile, time));
        // TLS went by the machine's clock, which is not this client's.
        using var own = new X509Chain { ChainPolicy = TrustOnly(root) };
        (own.ChainPolicy.VerificationTime, own.ChainPolicy.VerificationTimeIgnored) = (time.GetUtcNow().LocalDateTime, false);
        own.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        bool isGood = own.Build(certificate);
        var left = errors & ~SslPolicyErrors.RemoteCertificateChainErrors;
        return isGood && left == SslPolicyErrors.None ? true
            : throw new DistrustException(CertificateProblem.Explain(certificate, own, left, host, rootFile, time));
    }

    static X509ChainPolicy TrustOnly(X509Certificate2 root)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(root);
        return policy;
    }
}
