using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Plume.Federation.SecureSums.Masking;

/// <summary>What is made of the secrets of a session, each for one use: keys of masks, and keys that seal shares.</summary>
/// <remarks>
/// Formula: HKDF with SHA-256, the session as salt and the use as info; a session is the hash of everything that its clients must
/// agree on, so that clients who were told different things share no mask. Source: RFC 5869.
/// </remarks>
public static class SessionSecrets
{
    /// <summary>The key of the mask that two clients share.</summary>
    public static byte[] PairMask(ReadOnlySpan<byte> agreed, ReadOnlySpan<byte> session) => Derive(agreed, session, "pairmask"u8);

    /// <summary>The key of the mask that a client has for itself.</summary>
    public static byte[] SelfMask(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> session) => Derive(seed, session, "selfmask"u8);

    /// <summary>The key that seals what one client sends another.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> agreed, ReadOnlySpan<byte> session, int from, int to)
    {
        Span<byte> info = stackalloc byte[13];
        "share"u8.CopyTo(info);
        BinaryPrimitives.WriteInt32LittleEndian(info[5..], from);
        BinaryPrimitives.WriteInt32LittleEndian(info[9..], to);
        return Derive(agreed, session, info);
    }

    static byte[] Derive(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> session, ReadOnlySpan<byte> info)
    {
        var key = new byte[MaskStreams.KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, session, info);
        return key;
    }
}
