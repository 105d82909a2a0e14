using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;

namespace Plume.Server.Identity.Certificates;

/// <summary>
/// Reads client certificates and checks who issued them, once for each connection: Kestrel gives all calls of a connection the
/// same certificate object, and what was found is kept for as long as that object is.
/// </summary>
sealed class CertificateCheck(CertificateAuthority authority)
{
    readonly ConditionalWeakTable<X509Certificate2, CheckedCertificate> seen = [];
    int chains;

    /// <summary>Chains built so far: as many as connections with a certificate that made a call.</summary>
    public int Chains => Volatile.Read(ref chains);

    public CheckedCertificate Check(X509Certificate2 certificate) => seen.GetValue(certificate, Verify);

    /// <summary>
    /// Trusts one root and nothing else, and never goes to the network: an address in a stranger's certificate is a stranger's.
    /// </summary>
    public static X509ChainPolicy PolicyOf(X509Certificate2 root)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(root);
        policy.ApplicationPolicy.Add(new(CertificateAuthority.ClientAuthenticationOid));
        return policy;
    }

    CheckedCertificate Verify(X509Certificate2 certificate)
    {
        Interlocked.Increment(ref chains);
        using var chain = new X509Chain { ChainPolicy = PolicyOf(authority.Root) };
        // Whether it is in time is asked at every call; here only whose it is. At its first moment the root was good, since
        // nothing is issued that begins before the root or ends after it.
        chain.ChainPolicy.VerificationTime = certificate.NotBefore;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        bool trusted = chain.Build(certificate);
        foreach (var element in chain.ChainElements)
            element.Certificate.Dispose();
        var subject = Subject.Read(certificate.SubjectName);
        return new CheckedCertificate(
            trusted && subject is { Role: not Roles.None } ? subject : null,
            subject?.Name,
            KeyHash.Of(certificate.PublicKey),
            certificate.NotBefore.ToUniversalTime(),
            certificate.NotAfter.ToUniversalTime());
    }
}

/// <summary>What there is to know about a client certificate, whenever it is asked.</summary>
/// <param name="Subject">Whom it names; null where this server's root did not issue it to a client or an admin.</param>
/// <param name="ClaimedName">What it says, whoever issued it.</param>
/// <param name="KeyHash">Its key.</param>
/// <param name="NotBefore">Its first moment.</param>
/// <param name="NotAfter">Its last moment.</param>
sealed record CheckedCertificate(Subject? Subject, string? ClaimedName, string KeyHash, DateTimeOffset NotBefore,
    DateTimeOffset NotAfter);
