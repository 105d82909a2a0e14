using Plume.Compression.Wire;

namespace Plume.Federation.SecureSums.Messages;

/// <summary>Answer to the second trip: which neighbours shared, and what they sealed for a client.</summary>
/// <param name="Pairs">The sealed pair of each neighbour in the order of their places; null of one that vanished.</param>
public sealed record DeliveredShares(IReadOnlyList<byte[]?> Pairs)
{
    /// <summary>The bytes that travel.</summary>
    public byte[] ToBytes()
    {
        var output = new PayloadWriter();
        ClientSet.Write([.. Pairs.Select(pair => pair is not null)], output);
        foreach (byte[]? pair in Pairs)
            output.Bytes(pair);
        return output.Written.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="InvalidPayloadException">The bytes break a rule.</exception>
    public static DeliveredShares Read(ReadOnlySpan<byte> bytes, int neighbours)
    {
        var input = new PayloadReader(bytes);
        bool[] shared = ClientSet.Read(ref input, neighbours, "neighbours");
        var pairs = new byte[neighbours][];
        for (int i = 0; i < neighbours; i++)
        {
            if (shared[i])
                pairs[i] = input.Bytes(SealedShares.PairBytes, "sealed share").ToArray();
        }

        input.End("delivered shares");
        return new DeliveredShares(pairs);
    }
}
