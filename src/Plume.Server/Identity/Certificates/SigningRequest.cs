using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Plume.Server.Identity.Certificates;

/// <summary>A request for a certificate whose signature was checked, so that whoever made it has the key.</summary>
/// <param name="Name">The name asked for: the request's one common name, and a valid one.</param>
/// <param name="PublicKey">A P-256 key.</param>
/// <param name="KeyHash">What the key is known by: see <see cref="KeyHash"/>.</param>
public sealed record SigningRequest(string Name, PublicKey PublicKey, string KeyHash)
{
    const int MaxBytes = 4096;
    const string NistP256 = "1.2.840.10045.3.1.7";

    /// <summary>Reads a PKCS #10 request in DER. Extensions that it asks for are not looked at.</summary>
    /// <exception cref="DeniedException">It is not a request that a certificate can be issued for.</exception>
    public static SigningRequest Read(ReadOnlySpan<byte> der)
    {
        if (der.Length > MaxBytes)
            throw new DeniedException(Denials.RequestInvalid);
        try
        {
            var request = CertificateRequest.LoadSigningRequest(der, HashAlgorithmName.SHA256, out int length);
            if (length != der.Length || !IsP256(request.PublicKey) || Subject.Read(request.SubjectName) is not { } subject)
                throw new DeniedException(Denials.RequestInvalid);
            return new SigningRequest(subject.Name, request.PublicKey, Certificates.KeyHash.Of(request.PublicKey));
        }
        catch (Exception error) when (error is CryptographicException or NotSupportedException)
        {
            throw new DeniedException(Denials.RequestInvalid);
        }
    }

    static bool IsP256(PublicKey key)
    {
        using var elliptic = key.GetECDsaPublicKey();
        return elliptic?.ExportParameters(includePrivateParameters: false).Curve is { IsNamed: true } curve
            && curve.Oid.Value == NistP256;
    }
}

/// <summary>
/// What a key is known by in the registry: the SHA-256 of its SubjectPublicKeyInfo, as 64 lower-case hexadecimal digits.
/// </summary>
static class KeyHash
{
    public static string Of(PublicKey key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
}
