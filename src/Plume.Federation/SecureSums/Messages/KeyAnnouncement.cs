using Plume.Compression.Wire;
using Plume.Federation.SecureSums.Masking;

namespace Plume.Federation.SecureSums.Messages;

/// <summary>First trip: a client's keys of this session.</summary>
/// <param name="SealKey">By which others seal what is for it alone.</param>
/// <param name="MaskKey">By which it and each neighbour come to a mask. Should it vanish, its neighbours give this one's secret away, and not the other's.</param>
public sealed record KeyAnnouncement(ReadOnlyMemory<byte> SealKey, ReadOnlyMemory<byte> MaskKey)
{
    /// <summary>Bytes of it.</summary>
    public const int Bytes = 2 * AgreementKey.PublicBytes;

    /// <summary>The bytes that travel.</summary>
    public byte[] ToBytes() => [.. SealKey.Span, .. MaskKey.Span];

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="InvalidPayloadException">The bytes are too few or too many, or a key is no point of the curve.</exception>
    public static KeyAnnouncement Read(ReadOnlySpan<byte> bytes)
    {
        var input = new PayloadReader(bytes);
        var read = Read(ref input);
        input.End("keys");
        return read;
    }

    internal static KeyAnnouncement Read(ref PayloadReader input) => new(ReadKey(ref input, "seal key"), ReadKey(ref input, "mask key"));

    static byte[] ReadKey(ref PayloadReader input, string field)
    {
        int offset = input.Offset;
        byte[] key = input.Bytes(AgreementKey.PublicBytes, field).ToArray();
        return AgreementKey.IsPublic(key) ? key : throw InvalidPayloadException.Field(field, offset, "no point of P-256", "must be one");
    }
}
