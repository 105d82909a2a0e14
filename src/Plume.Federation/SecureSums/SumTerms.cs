using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Plume.Federation.SecureSums;

/// <summary>
/// What all clients of one attempt at a sum must agree on: they are in the session's hash, so that clients who were told
/// different terms share no mask.
/// </summary>
/// <param name="Context">A hash of all that the sum is about: the plan, the round and its attempt, the model that was
/// published.</param>
/// <param name="Shape">The words that each client sends.</param>
/// <param name="Invited">Most clients that the roster may have.</param>
/// <param name="Minimum">Clients whose words must be in the sum.</param>
/// <param name="DropOut">Share of the roster that may vanish.</param>
public sealed record SumTerms(ReadOnlyMemory<byte> Context, SumShape Shape, int Invited, int Minimum, double DropOut)
{
    /// <summary>
    /// Bytes of the signature that each client's keys have (<see cref="ISumIdentity"/>); 0 where they are not signed.
    /// </summary>
    public int SignatureBytes { get; init; }

    /// <summary>Bytes of a hash.</summary>
    public const int HashBytes = 32;

    /// <summary>Fewest contributors that a client of ours gives its words to: of two, each would know the other's.</summary>
    public const int LeastMinimum = 3;

    // Each client says 1 in it, so that a sum whose masks do not cancel is found.
    const int CheckBits = 32;

    /// <summary>The words that travel: those of the shape, and one that counts clients.</summary>
    internal SumShape Sent { get; } = new([.. Shape.Sections, new WordSection(1, CheckBits)]);

    /// <summary>Every rule that the terms break, in sentences; a client holds a server to them.</summary>
    public IEnumerable<string> Problems()
    {
        if (Context.Length != HashBytes)
            yield return $"The context of a secure sum must be a hash of {HashBytes} bytes, but has {Context.Length}.";
        if (Minimum < LeastMinimum)
            yield return $"A secure sum must have {LeastMinimum} contributors or more, since of two each knows the other's, "
                + $"but may have {Minimum}.";
        if (Invited < Minimum)
            yield return $"A secure sum must ask as many clients as it needs, {Minimum}, but asks {Invited}.";
        if (!(DropOut >= 0 && DropOut <= Graph.GraphSize.MostDropOut))
            yield return $"The share of clients that may vanish during a secure sum must be 0 to "
                + $"{Graph.GraphSize.MostDropOut}, but is {DropOut}.";
    }

    /// <summary>The hash of terms and roster: what keys and masks are bound to.</summary>
    internal byte[] Session(ReadOnlySpan<byte> roster, int threshold)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("plume secure sum 1"u8);
        hash.AppendData(Context.Span);
        hash.AppendData(roster);
        Append(hash, Minimum);
        Append(hash, threshold);
        Append(hash, SignatureBytes);
        foreach (var (count, bits) in Sent.Sections)
        {
            Append(hash, count);
            Append(hash, bits);
        }

        return hash.GetHashAndReset();
    }

    static void Append(IncrementalHash hash, int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
