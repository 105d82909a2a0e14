using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Plume.Server.Identity.Certificates;

/// <summary>A private root of trust, which issues the certificates of servers and clients. All keys are of P-256.</summary>
/// <remarks>Any thread may use it.</remarks>
public sealed class CertificateAuthority : IDisposable
{
    /// <summary>How long a root is good.</summary>
    public static readonly TimeSpan RootLife = TimeSpan.FromDays(3652);

    /// <summary>How long a server's certificate is good: not longer than some platforms accept.</summary>
    public static readonly TimeSpan ServerLife = TimeSpan.FromDays(397);

    /// <summary>How long a client's certificate is good.</summary>
    public static readonly TimeSpan ClientLife = TimeSpan.FromDays(60);

    /// <summary>Certificates begin so much before now, for clocks that are late.</summary>
    static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    static readonly Oid ClientAuthentication = new(ClientAuthenticationOid);

    /// <summary>The extended use of a key that lets a certificate name a client.</summary>
    internal const string ClientAuthenticationOid = "1.3.6.1.5.5.7.3.2";

    readonly X509Certificate2 signer;
    readonly TimeProvider time;

    CertificateAuthority(X509Certificate2 signer, TimeProvider time)
    {
        this.signer = signer;
        this.time = time;
        Root = X509CertificateLoader.LoadCertificate(signer.RawData);
    }

    /// <summary>The root's certificate, without its key.</summary>
    public X509Certificate2 Root { get; }

    /// <summary>Makes a new root.</summary>
    /// <param name="time">Tells from when on certificates are good.</param>
    public static CertificateAuthority Create(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new X500DistinguishedNameBuilder();
        // Two roots never have the same name, or a certificate of one could be taken for a damaged one of the other.
        name.AddCommonName($"Plume root {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}");
        var request = new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0,
                critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = time.GetUtcNow();
        return new CertificateAuthority(request.CreateSelfSigned(now - ClockSkew, now + RootLife), time);
    }

    /// <summary>Reads a root that was kept.</summary>
    /// <param name="certificate">The root's certificate in PEM.</param>
    /// <param name="key">Its private key in PEM.</param>
    /// <param name="time">Tells from when on certificates are good.</param>
    /// <exception cref="CryptographicException">The texts are not a certificate and its key.</exception>
    public static CertificateAuthority FromPem(string certificate, string key, TimeProvider time) =>
        new(X509Certificate2.CreateFromPem(certificate, key), time);

    /// <summary>Issues a certificate with a new key for a server.</summary>
    /// <param name="hosts">The DNS names and IP addresses that clients reach it by; at least one.</param>
    /// <exception cref="ArgumentException">There is no host, or it is neither a DNS name nor an address.</exception>
    /// <exception cref="InvalidDataException">The root has ended.</exception>
    public X509Certificate2 IssueServer(IReadOnlyList<string> hosts)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        var names = new SubjectAlternativeNameBuilder();
        foreach (string host in hosts)
        {
            if (IPAddress.TryParse(host, out var address))
                names.AddIpAddress(address);
            else if (Uri.CheckHostName(host) == UriHostNameType.Dns)
                names.AddDnsName(host);
            else
                throw new ArgumentException($"A server's certificate is for DNS names and IP addresses; '{host}' is neither.",
                    nameof(hosts));
        }

        if (hosts.Count == 0)
            throw new ArgumentException(
                "A server's certificate needs a host that clients reach it by; give one, such as localhost.", nameof(hosts));
        return IssueServer(names.Build());
    }

    /// <summary>Issues a certificate with a new key for the hosts of one that this authority issued before.</summary>
    internal X509Certificate2 RenewServer(X509Certificate2 before) =>
        IssueServer(before.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single());

    /// <summary>Issues a certificate for a client's or an admin's key.</summary>
    /// <param name="request">Whose key it is; that the name may be given to whoever asks is for the caller to check.</param>
    /// <param name="role">One role.</param>
    /// <exception cref="InvalidDataException">The root has ended.</exception>
    public X509Certificate2 IssueClient(SigningRequest request, Roles role)
    {
        ArgumentNullException.ThrowIfNull(request);
        var subject = new Subject(ClientName.Require(request.Name), role);
        return Issue(new CertificateRequest(subject.ToDistinguishedName(), request.PublicKey, HashAlgorithmName.SHA256),
            ClientAuthentication, ClientLife);
    }

    /// <summary>Forgets the root's key.</summary>
    public void Dispose()
    {
        signer.Dispose();
        Root.Dispose();
    }

    /// <summary>The root's private key in PEM: a secret.</summary>
    internal string ExportKey()
    {
        using var key = signer.GetECDsaPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }

    X509Certificate2 IssueServer(X509Extension hosts)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName("Plume server");
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(hosts);
        using var certificate = Issue(request, ServerAuthentication, ServerLife);
        return certificate.CopyWithPrivateKey(key);
    }

    X509Certificate2 Issue(CertificateRequest request, Oid use, TimeSpan life)
    {
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false,
                pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([use], critical: false));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(signer, includeKeyIdentifier: true,
                includeIssuerAndSerial: false));
        var now = time.GetUtcNow();
        if (now >= signer.NotAfter.ToUniversalTime())
            throw new InvalidDataException(
                $"The root has ended on {signer.NotAfter.ToUniversalTime():yyyy-MM-dd}, so nothing can be issued by it. Move "
                    + $"its folder away, make another one with plume certs init, and enrol everybody anew.");
        return request.Create(signer, Later(now - ClockSkew, signer.NotBefore), Earlier(now + life, signer.NotAfter),
            NewSerial());
    }

    /// <summary>126 bits of chance; the first byte keeps the number positive and its length the same.</summary>
    static byte[] NewSerial()
    {
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x3F) | 0x40);
        return serial;
    }

    static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
