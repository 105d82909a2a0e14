using Plume.Federation.SecureSums.Graph;
using Plume.Federation.SecureSums.Masking;
using Plume.Federation.SecureSums.Messages;
using Plume.Federation.SecureSums.Sharing;

namespace Plume.Federation.SecureSums;

/// <summary>Finds the masks that are left in a sum, from the shares that those who are in it gave.</summary>
sealed class Unmasking(SumTerms terms, int[] clients, byte[] hash, SumGraph graph, IReadOnlyDictionary<int, KeyAnnouncement> keys)
{
    readonly byte[] session = terms.Session(hash, graph.Threshold);

    /// <summary>The masks, each such that it takes away what is left of it.</summary>
    /// <param name="members">Who is in the sum.</param>
    /// <param name="shared">Who shared: those who are not in the sum have left masks with neighbours who are.</param>
    /// <param name="sharesOf">The shares that were given of each client's secret.</param>
    /// <exception cref="SumLostException">Too few answered, or shares do not fit.</exception>
    public IReadOnlyList<Mask> MasksOf(bool[] members, bool[] shared, Func<int, IEnumerable<SecretShare>> sharesOf)
    {
        var masks = new List<Mask>();
        for (int place = 0; place < clients.Length; place++)
        {
            if (!shared[place])
                continue;
            byte[] secret = Secret(place, [.. sharesOf(place)]);
            if (members[place])
                masks.Add(new Mask(SessionSecrets.SelfMask(secret, session), Subtracts: true));
            else
                masks.AddRange(LeftBy(place, secret, members));
        }

        return masks;
    }

    byte[] Secret(int place, SecretShare[] shares)
    {
        if (shares.Length < graph.Threshold)
            throw new SumLostException(
                $"Of the clients that hold shares of client {clients[place]} {shares.Length} have answered, and "
                    + $"{graph.Threshold} must.");
        return SecretSharing.Join(shares, graph.Threshold, SealedShares.SecretBytes)
            ?? throw new SumLostException($"The shares of client {clients[place]} do not fit one another.");
    }

    IEnumerable<Mask> LeftBy(int place, byte[] seed, bool[] members)
    {
        using var key = AgreementKey.FromSeed(seed);
        if (!key.Public.Span.SequenceEqual(keys[clients[place]].MaskKey.Span))
            throw new SumLostException($"The shares of client {clients[place]} are not of the key that it announced.");
        // A neighbour added the mask where it stands before, and this takes it away.
        foreach (int other in graph.NeighboursOf(place).Where(other => members[other]))
            yield return new Mask(SessionSecrets.PairMask(key.Agree(keys[clients[other]].MaskKey.Span), session),
                Subtracts: other < place);
    }
}
