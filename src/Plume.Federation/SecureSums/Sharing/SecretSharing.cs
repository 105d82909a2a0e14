using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Plume.Federation.SecureSums.Sharing;

/// <summary>One holder's part of a secret.</summary>
/// <param name="Place">The holder's number among the holders, from 1.</param>
/// <param name="Bytes">Four bytes, big-endian, for each 31 bits of the secret.</param>
public readonly record struct SecretShare(int Place, ReadOnlyMemory<byte> Bytes);

/// <summary>Secrets cut into parts of which a threshold gives the secret and fewer say nothing.</summary>
/// <remarks>
/// Formula: each 31 bits of the secret, the highest first, are the value at 0 of a polynomial of degree threshold - 1 modulo 2^31
/// + 11 whose other coefficients are uniform; the holder in place x has its value at x. Bytes: 4 ceil(8 n / 31) of n.
/// Source: Shamir, "How to Share a Secret", Communications of the ACM 1979.
/// </remarks>
public static class SecretSharing
{
    const int LimbBits = 31;
    const uint LimbMask = (1u << LimbBits) - 1;
    const int ShareBytes = sizeof(uint);

    /// <summary>Bytes of each part of a secret of so many bytes.</summary>
    public static int LengthOf(int secretBytes) => ShareBytes * Limbs(secretBytes);

    /// <summary>Cuts a secret.</summary>
    /// <param name="secret">One byte or more.</param>
    /// <param name="threshold">Parts that give it: 2 or more.</param>
    /// <param name="holders">Parts: the threshold or more.</param>
    /// <param name="secrets">Where coefficients are drawn.</param>
    /// <returns>The parts of the holders in places 1, 2 and so on.</returns>
    /// <exception cref="ArgumentException">A number breaks its rule.</exception>
    public static byte[][] Split(ReadOnlySpan<byte> secret, int threshold, int holders, RandomNumberGenerator secrets)
    {
        ArgumentNullException.ThrowIfNull(secrets);
        if (secret.IsEmpty)
            throw new ArgumentException("An empty secret has no parts.", nameof(secret));
        if (threshold < 2 || threshold > holders)
            throw new ArgumentException($"A secret of {holders} holders must need 2 to {holders} of them, but needs {threshold}.",
                nameof(threshold));
        int limbs = Limbs(secret.Length);
        byte[][] shares = [.. Enumerable.Range(0, holders).Select(_ => new byte[ShareBytes * limbs])];
        var polynomial = new uint[threshold];
        for (int limb = 0; limb < limbs; limb++)
        {
            polynomial[0] = LimbOf(secret, limbs - 1 - limb);
            for (int i = 1; i < threshold; i++)
                polynomial[i] = Draw(secrets);
            for (int holder = 0; holder < holders; holder++)
                BinaryPrimitives.WriteUInt32BigEndian(shares[holder].AsSpan(ShareBytes * limb),
                    Evaluate(polynomial, (uint)holder + 1));
        }

        Array.Clear(polynomial);
        return shares;
    }

    /// <summary>Puts a secret together again.</summary>
    /// <param name="shares">The threshold or more, of different holders. What is beyond the threshold is held against the
    /// rest.</param>
    /// <param name="threshold">Parts that give it.</param>
    /// <param name="secretBytes">Its length.</param>
    /// <returns>The secret; null where the parts are not of one secret of that length.</returns>
    /// <exception cref="ArgumentException">There are too few parts, two are of one holder, or one has a wrong length.</exception>
    public static byte[]? Join(IReadOnlyList<SecretShare> shares, int threshold, int secretBytes)
    {
        ArgumentNullException.ThrowIfNull(shares);
        if (shares.Count < threshold || threshold < 2)
            throw new ArgumentException($"{threshold} parts are needed, at least 2, but there are {shares.Count}.",
                nameof(shares));
        int length = LengthOf(secretBytes);
        if (shares.Any(share => share.Place < 1 || share.Bytes.Length != length)
            || shares.DistinctBy(share => share.Place).Count() < shares.Count)
            throw new ArgumentException($"Parts must have {length} bytes each and be of different holders.", nameof(shares));
        uint[] places = [.. shares.Take(threshold).Select(share => (uint)share.Place)];
        uint[] atZero = Weights(places, 0);
        uint[][] beyond = [.. shares.Skip(threshold).Select(share => Weights(places, (uint)share.Place))];
        var secret = new byte[secretBytes];
        var values = new uint[shares.Count];
        int limbs = length / ShareBytes;
        for (int limb = 0; limb < limbs; limb++)
        {
            for (int i = 0; i < values.Length; i++)
                values[i] = BinaryPrimitives.ReadUInt32BigEndian(shares[i].Bytes.Span[(ShareBytes * limb)..]);
            if (Array.Exists(values, value => value >= PrimeField.Prime))
                return null;
            for (int i = 0; i < beyond.Length; i++)
            {
                if (Combine(beyond[i], values) != values[threshold + i])
                    return null;
            }

            if (!PutLimb(secret, limbs - 1 - limb, Combine(atZero, values)))
                return null;
        }

        return secret;
    }

    static int Limbs(int secretBytes) => (8 * secretBytes + LimbBits - 1) / LimbBits;

    // The secret is a number whose last byte is the lowest.
    static uint LimbOf(ReadOnlySpan<byte> secret, int limb)
    {
        ulong bits = 0;
        int first = limb * LimbBits, shift = first % 8, fromEnd = first / 8;
        for (int i = 0; i < 5 && fromEnd + i < secret.Length; i++)
            bits |= (ulong)secret[secret.Length - 1 - fromEnd - i] << (8 * i);
        return (uint)(bits >> shift) & LimbMask;
    }

    static bool PutLimb(Span<byte> secret, int limb, uint value)
    {
        int first = limb * LimbBits, room = Math.Min(LimbBits, 8 * secret.Length - first);
        if (value >> room != 0)
            return false;
        ulong bits = (ulong)value << (first % 8);
        for (int place = secret.Length - 1 - first / 8; place >= 0 && bits != 0; place--, bits >>= 8)
            secret[place] |= (byte)bits;
        return true;
    }

    static uint Evaluate(ReadOnlySpan<uint> polynomial, uint place)
    {
        uint value = 0;
        for (int i = polynomial.Length - 1; i >= 0; i--)
            value = PrimeField.Add(PrimeField.Multiply(value, place), polynomial[i]);
        return value;
    }

    // What each value counts in the value at a place: Lagrange's polynomials there.
    static uint[] Weights(uint[] places, uint at) => [.. places.Select(place =>
    {
        uint above = 1, below = 1;
        foreach (uint other in places.Where(other => other != place))
        {
            above = PrimeField.Multiply(above, PrimeField.Subtract(at, other));
            below = PrimeField.Multiply(below, PrimeField.Subtract(place, other));
        }

        return PrimeField.Multiply(above, PrimeField.Invert(below));
    })];

    static uint Combine(uint[] weights, ReadOnlySpan<uint> values)
    {
        uint sum = 0;
        for (int i = 0; i < weights.Length; i++)
            sum = PrimeField.Add(sum, PrimeField.Multiply(weights[i], values[i]));
        return sum;
    }

    static uint Draw(RandomNumberGenerator secrets)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        uint drawn;
        do
        {
            secrets.GetBytes(bytes);
            drawn = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        }
        while (drawn >= PrimeField.Prime);
        return drawn;
    }
}
