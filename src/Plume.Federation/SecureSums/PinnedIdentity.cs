using System.Security.Cryptography;

namespace Plume.Federation.SecureSums;

/// <summary>
/// Identities that were told out of band: a client's own key, and the public key of each client that it would add up with. Others
/// are not believed.
/// </summary>
/// <param name="own">This client's private key, of P-256: that of its certificate.</param>
/// <param name="known">Public keys by client, in the form of a certificate (SubjectPublicKeyInfo).</param>
/// <remarks>Signatures are ECDSA with SHA-256, 64 bytes. Source: NIST FIPS 186-5.</remarks>
public sealed class PinnedIdentity(ECDsa own, IReadOnlyDictionary<int, ReadOnlyMemory<byte>> known) : ISumIdentity
{
    /// <summary>Bytes of a signature by P-256.</summary>
    public const int Bytes = 64;

    /// <inheritdoc/>
    public int SignatureBytes => Bytes;

    /// <inheritdoc/>
    public byte[] Sign(ReadOnlySpan<byte> statement) => own.SignData(statement, HashAlgorithmName.SHA256);

    /// <inheritdoc/>
    public bool Verifies(int client, ReadOnlySpan<byte> statement, ReadOnlySpan<byte> signature)
    {
        if (!known.TryGetValue(client, out var published))
            return false;
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(published.Span, out _);
        return key.VerifyData(statement, signature, HashAlgorithmName.SHA256);
    }
}
