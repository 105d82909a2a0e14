using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Plume.Compression.Wire;
using Plume.Federation.SecureSums;
using Plume.Federation.SecureSums.Messages;

namespace Plume.Server.Federations.Secure;

/// <summary>
/// Holds what clients sign against the certificates that they call with, so that none spoils a sum for others.
/// </summary>
static class Signers
{
    /// <summary>The certificate of a client whose keys it signed.</summary>
    /// <exception cref="InvalidPayloadException">It has none, or did not sign them.</exception>
    public static byte[] Check(SumMessage message, SumTerms terms)
    {
        var keys = KeyAnnouncement.Read(message.Bytes, terms);
        return Check(message, keys.Statement(terms, message.Client), keys.Signature.Span, "its keys");
    }

    /// <summary>The certificate of a client that signed who is in the sum; its message begins with the signature.</summary>
    /// <exception cref="InvalidPayloadException">It has none, or did not sign that.</exception>
    public static byte[] CheckContributors(SumMessage message, SumTerms terms, byte[] statement)
    {
        var input = new PayloadReader(message.Bytes);
        return Check(message, statement, input.Bytes(terms.SignatureBytes, "signature"), "who is in the sum");
    }

    static byte[] Check(SumMessage message, byte[] statement, ReadOnlySpan<byte> signature, string what)
    {
        if (message.Certificate is not { } shown)
            throw new InvalidPayloadException(
                $"Client {message.Client} shows no certificate by which others could know what it signs.");
        using var certificate = X509CertificateLoader.LoadCertificate(shown);
        using var key = certificate.GetECDsaPublicKey();
        return key?.VerifyData(statement, signature, HashAlgorithmName.SHA256) == true ? shown
            : throw new InvalidPayloadException($"Client {message.Client} did not sign {what} with its certificate's key.");
    }
}
