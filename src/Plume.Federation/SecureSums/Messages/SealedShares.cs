using System.Security.Cryptography;
using Plume.Compression.Wire;
using Plume.Federation.SecureSums.Sharing;

namespace Plume.Federation.SecureSums.Messages;

/// <summary>
/// Second trip: for each neighbour a share of the client's two secrets, sealed so that only that neighbour can read it.
/// </summary>
/// <remarks>AES-256-GCM with a key for this client, neighbour and session alone. Bytes: 56 for each.</remarks>
public static class SealedShares
{
    /// <summary>Bytes of each of the two secrets.</summary>
    public const int SecretBytes = 16;

    /// <summary>Bytes of a share of one of them.</summary>
    public static readonly int ShareBytes = SecretSharing.LengthOf(SecretBytes);

    /// <summary>Bytes of a sealed pair.</summary>
    public static readonly int PairBytes = 2 * ShareBytes + TagBytes;

    const int TagBytes = 16;
    const int NonceBytes = 12;

    /// <summary>The bytes that travel.</summary>
    /// <param name="pairs">A sealed pair for each neighbour, in the order of their places.</param>
    public static byte[] ToBytes(IEnumerable<byte[]> pairs) => [.. pairs.SelectMany(pair => pair)];

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="InvalidPayloadException">The bytes are too few or too many.</exception>
    public static byte[][] Read(ReadOnlySpan<byte> bytes, int neighbours)
    {
        var input = new PayloadReader(bytes);
        var pairs = new byte[neighbours][];
        for (int i = 0; i < pairs.Length; i++)
            pairs[i] = input.Bytes(PairBytes, "sealed share").ToArray();
        input.End("sealed shares");
        return pairs;
    }

    internal static byte[] Seal(byte[] key, ReadOnlySpan<byte> ofSelfMask, ReadOnlySpan<byte> ofMaskKey)
    {
        var pair = new byte[PairBytes];
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(new byte[NonceBytes], [.. ofSelfMask, .. ofMaskKey], pair.AsSpan(0, 2 * ShareBytes),
            pair.AsSpan(2 * ShareBytes));
        return pair;
    }

    /// <summary>Opens a sealed pair; null where the key does not fit.</summary>
    internal static byte[]? Open(byte[] key, ReadOnlySpan<byte> pair)
    {
        var opened = new byte[2 * ShareBytes];
        using var cipher = new AesGcm(key, TagBytes);
        try
        {
            cipher.Decrypt(new byte[NonceBytes], pair[..opened.Length], pair[opened.Length..], opened);
            return opened;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
