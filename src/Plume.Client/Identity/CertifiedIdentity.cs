using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Plume.Federation.SecureSums;

namespace Plume.Client.Identity;

/// <summary>
/// Clients of a secure sum that know each other by the certificates that they call a server with: keys are believed that are
/// signed by a certificate of the root, of another name than anybody else's, and where names were told out of band of one of
/// those.
/// </summary>
/// <param name="own">This client's certificate, with its key.</param>
/// <param name="root">The only root that others' may come from; null for those that the machine believes.</param>
/// <param name="known">The names that it would add up with; null for any.</param>
/// <param name="time">The client's clock.</param>
/// <remarks>
/// Whoever has the root's key can make certificates of its own: names that were told out of band help only where that is not who
/// runs the server.
/// </remarks>
sealed class CertifiedIdentity(X509Certificate2 own, X509Certificate2? root, IReadOnlyCollection<string>? known,
    TimeProvider time) : ISumIdentity, IDisposable
{
    const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    readonly Dictionary<int, X509Certificate2> shown = [];
    readonly HashSet<int> believed = [];

    /// <inheritdoc/>
    public int SignatureBytes => PinnedIdentity.Bytes;

    /// <summary>Takes what the server says who others are; whoever it has said before stays who it is.</summary>
    public void Hear(IEnumerable<(int Client, ReadOnlyMemory<byte> Certificate)> others)
    {
        foreach (var (client, bytes) in others.Where(other => !shown.ContainsKey(other.Client)))
        {
            try
            {
                shown[client] = X509CertificateLoader.LoadCertificate(bytes.Span);
            }
            catch (CryptographicException)
            {
                // Nobody's keys are believed by it.
            }
        }
    }

    /// <inheritdoc/>
    public byte[] Sign(ReadOnlySpan<byte> statement)
    {
        using var key = own.GetECDsaPrivateKey()
            ?? throw new SumRefusedException("The client's certificate has no key of an elliptic curve, by which it could sign.");
        return key.SignData(statement, HashAlgorithmName.SHA256);
    }

    /// <inheritdoc/>
    public bool Verifies(int client, ReadOnlySpan<byte> statement, ReadOnlySpan<byte> signature)
    {
        if (!shown.TryGetValue(client, out var certificate)
            || (!believed.Contains(client) && !(IsKnown(client, certificate) && IsOfRoot(certificate))))
            return false;
        believed.Add(client);
        using var key = certificate.GetECDsaPublicKey();
        return key?.VerifyData(statement, signature, HashAlgorithmName.SHA256) == true;
    }

    public void Dispose()
    {
        foreach (var certificate in shown.Values)
            certificate.Dispose();
    }

    // One client under two numbers would count twice among those that a sum hides.
    bool IsKnown(int client, X509Certificate2 certificate)
    {
        string name = certificate.Subject;
        return name != own.Subject && shown.All(other => other.Key == client || other.Value.Subject != name)
            && (known is null || known.Contains(ClientCertificate.NameIn(certificate)));
    }

    bool IsOfRoot(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        (policy.RevocationMode, policy.DisableCertificateDownloads) = (X509RevocationMode.NoCheck, true);
        (policy.VerificationTime, policy.VerificationTimeIgnored) = (time.GetUtcNow().LocalDateTime, false);
        policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        if (root is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.Add(root);
        }

        return chain.Build(certificate);
    }
}
