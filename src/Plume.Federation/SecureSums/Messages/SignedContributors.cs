using Plume.Compression.Wire;

namespace Plume.Federation.SecureSums.Messages;

/// <summary>
/// Answer to the trip of consistency: signatures of other clients of who they were told is in the sum
/// (<see cref="Contributors.Statement"/>).
/// </summary>
/// <param name="Signatures">The place of each client in the roster, in ascending order, and its signature.</param>
/// <remarks>Bytes: a bit for each client of the roster, and 64 for each signature.</remarks>
public sealed record SignedContributors(IReadOnlyList<(int Place, ReadOnlyMemory<byte> Signature)> Signatures)
{
    /// <summary>The bytes that travel.</summary>
    /// <param name="clients">Clients of the roster.</param>
    public byte[] ToBytes(int clients)
    {
        var output = new PayloadWriter();
        var signers = new bool[clients];
        foreach (var (place, _) in Signatures)
            signers[place] = true;
        ClientSet.Write(signers, output);
        foreach (var (_, signature) in Signatures)
            output.Bytes(signature.Span);
        return output.Written.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="InvalidPayloadException">The bytes break a rule.</exception>
    public static SignedContributors Read(ReadOnlySpan<byte> bytes, SumTerms terms, int clients)
    {
        ArgumentNullException.ThrowIfNull(terms);
        var input = new PayloadReader(bytes);
        bool[] signers = ClientSet.Read(ref input, clients, "signers");
        var signatures = new List<(int, ReadOnlyMemory<byte>)>();
        for (int place = 0; place < clients; place++)
        {
            if (signers[place])
                signatures.Add((place, input.Bytes(terms.SignatureBytes, "signature").ToArray()));
        }

        input.End("signed contributors");
        return new SignedContributors(signatures);
    }
}
