using Plume.Compression.Wire;

namespace Plume.Federation.SecureSums.Messages;

/// <summary>
/// Fourth trip: of each client whose shares the sender holds one share: that of its own mask where its words are in the sum, and
/// that of its key where they are not.
/// </summary>
public static class UnmaskingShares
{
    /// <summary>The bytes that travel.</summary>
    /// <param name="shares">In the order of the places of those whose they are.</param>
    public static byte[] ToBytes(IEnumerable<byte[]> shares) => [.. shares.SelectMany(share => share)];

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="InvalidPayloadException">The bytes are too few or too many.</exception>
    public static byte[][] Read(ReadOnlySpan<byte> bytes, int held)
    {
        var input = new PayloadReader(bytes);
        var shares = new byte[held][];
        for (int i = 0; i < shares.Length; i++)
            shares[i] = input.Bytes(SealedShares.ShareBytes, "share").ToArray();
        input.End("shares");
        return shares;
    }
}
