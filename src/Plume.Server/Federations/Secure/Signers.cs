using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Plume.Compression.Wire;
using Plume.Federation.SecureSums;
using Plume.Federation.SecureSums.Messages;

namespace Plume.Server.Federations.Secure;

/// <summary>
/// Holds clients' keys against the certificates that they call with, so that none spoils a sum for its neighbours.
/// </summary>
static class Signers
{
    /// <summary>The certificate of a client whose keys it signed.</summary>
    /// <exception cref="InvalidPayloadException">It has none, or did not sign them.</exception>
    public static byte[] Check(SumMessage message, SumTerms terms)
    {
        if (message.Certificate is not { } shown)
            throw new InvalidPayloadException(
                $"Client {message.Client} shows no certificate by which others could know its keys.");
        var keys = KeyAnnouncement.Read(message.Bytes, terms);
        using var certificate = X509CertificateLoader.LoadCertificate(shown);
        using var key = certificate.GetECDsaPublicKey();
        byte[] statement = keys.Statement(terms, message.Client);
        return key?.VerifyData(statement, keys.Signature.Span, HashAlgorithmName.SHA256) == true ? shown
            : throw new InvalidPayloadException($"Client {message.Client} did not sign its keys with its certificate's key.");
    }
}
