using System.Buffers.Binary;
using System.Security.Cryptography;
using Plume.Compression.Wire;
using Plume.Federation.SecureSums.Masking;

namespace Plume.Federation.SecureSums.Messages;

/// <summary>First trip: a client's keys of this session.</summary>
/// <param name="SealKey">By which others seal what is for it alone.</param>
/// <param name="MaskKey">By which it and each neighbour come to a mask. Should it vanish, its neighbours give this one's secret
/// away, and not the other's.</param>
public sealed record KeyAnnouncement(ReadOnlyMemory<byte> SealKey, ReadOnlyMemory<byte> MaskKey)
{
    /// <summary>The client's signature of <see cref="Statement"/>; empty where keys are not signed.</summary>
    public ReadOnlyMemory<byte> Signature { get; init; }

    /// <summary>The bytes that travel.</summary>
    public byte[] ToBytes() => [.. SealKey.Span, .. MaskKey.Span, .. Signature.Span];

    /// <summary>What a client signs: that these are its keys in this session, and in no other.</summary>
    public byte[] Statement(SumTerms terms, int client)
    {
        ArgumentNullException.ThrowIfNull(terms);
        Span<byte> number = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(number, client);
        return SHA256.HashData([.. "plume keys 1"u8, .. terms.Context.Span, .. number, .. SealKey.Span, .. MaskKey.Span]);
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="InvalidPayloadException">The bytes are too few or too many, or a key is no point of the
    /// curve.</exception>
    public static KeyAnnouncement Read(ReadOnlySpan<byte> bytes, SumTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        var input = new PayloadReader(bytes);
        var read = Read(ref input, terms);
        input.End("keys");
        return read;
    }

    internal static KeyAnnouncement Read(ref PayloadReader input, SumTerms terms) =>
        new(ReadKey(ref input, "seal key"), ReadKey(ref input, "mask key"))
        {
            Signature = input.Bytes(terms.SignatureBytes, "signature").ToArray(),
        };

    static byte[] ReadKey(ref PayloadReader input, string field)
    {
        int offset = input.Offset;
        byte[] key = input.Bytes(AgreementKey.PublicBytes, field).ToArray();
        return AgreementKey.IsPublic(key) ? key
            : throw InvalidPayloadException.Field(field, offset, "no point of P-256", "must be one");
    }
}
