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
