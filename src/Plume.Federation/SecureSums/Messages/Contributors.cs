using System.Buffers.Binary;
using System.Security.Cryptography;
using Plume.Compression.Wire;

namespace Plume.Federation.SecureSums.Messages;

/// <summary>Answer to the third trip: who is in the sum. It is fixed before anybody is asked to unmask.</summary>
/// <param name="Members">For each client of the roster whether its words are.</param>
public sealed record Contributors(IReadOnlyList<bool> Members)
{
    /// <summary>The bytes that travel.</summary>
    public byte[] ToBytes()
    {
        var output = new PayloadWriter();
        ClientSet.Write([.. Members], output);
        return output.Written.ToArray();
    }

    /// <summary>
    /// What a client signs where keys are signed: that it was told of this set in this session, and in no other.
    /// </summary>
    /// <param name="session">The hash of the session's terms and roster.</param>
    /// <param name="client">Who signs.</param>
    /// <param name="told">The set as it was told.</param>
    internal static byte[] Statement(ReadOnlySpan<byte> session, int client, ReadOnlySpan<byte> told)
    {
        Span<byte> number = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(number, client);
        return SHA256.HashData([.. "plume contributors 1"u8, .. session, .. number, .. told]);
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="InvalidPayloadException">The bytes break a rule.</exception>
    public static Contributors Read(ReadOnlySpan<byte> bytes, int clients)
    {
        var input = new PayloadReader(bytes);
        bool[] members = ClientSet.Read(ref input, clients, "contributors");
        input.End("contributors");
        return new Contributors(members);
    }
}
