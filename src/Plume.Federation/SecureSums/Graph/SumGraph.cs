using System.Buffers.Binary;
using Plume.Compression.Randomness;

namespace Plume.Federation.SecureSums.Graph;

/// <summary>Which clients of a session share masks with which, and who holds shares of whose secrets: known to all.</summary>
/// <remarks>
/// Clients stand in a ring whose order is drawn from the session; the neighbours of each are half of its degree on either side.
/// Places count the roster's clients from 0. Source: as <see cref="GraphSize"/>.
/// </remarks>
public sealed class SumGraph
{
    readonly int[] ring;
    readonly int[] inRing;

    /// <summary>The graph of a roster.</summary>
    /// <param name="clients">Clients of the roster.</param>
    /// <param name="dropOut">Share of them that may vanish.</param>
    /// <param name="roster">The roster's hash, from which the order is drawn.</param>
    public SumGraph(int clients, double dropOut, ReadOnlySpan<byte> roster)
    {
        Clients = clients;
        (Degree, Threshold) = GraphSize.Of(clients, dropOut);
        ring = [.. Enumerable.Range(0, clients)];
        if (!IsComplete)
            new RandomDraws(new RandomKey(BinaryPrimitives.ReadUInt64LittleEndian(roster)).Fold("neighbours")).Shuffle<int>(ring);
        inRing = new int[clients];
        for (int place = 0; place < clients; place++)
            inRing[ring[place]] = place;
    }

    /// <summary>Clients of the roster.</summary>
    public int Clients { get; }

    /// <summary>Neighbours of each.</summary>
    public int Degree { get; }

    /// <summary>Holders that give a secret.</summary>
    public int Threshold { get; }

    /// <summary>
    /// Clients of the roster that must have signed one set before anybody unmasks it: so many that two sets would need more
    /// who signed both than may collude.
    /// </summary>
    public int Signers => IsComplete ? Threshold : (Clients + (int)(Clients * GraphSize.Colluding)) / 2 + 1;

    /// <summary>Whether all are neighbours. Then each is a holder of its own shares, too.</summary>
    public bool IsComplete => Degree == Clients - 1;

    /// <summary>The neighbours of the client in a place, in ascending order.</summary>
    public int[] NeighboursOf(int place)
    {
        if (IsComplete)
            return [.. ring.Where(other => other != place)];
        int at = inRing[place], half = Degree / 2;
        return [.. Enumerable.Range(1, half)
            .SelectMany(step => new[] { ring[(at + step) % Clients], ring[(at - step + Clients) % Clients] }).Order()];
    }

    /// <summary>
    /// The holders of a client's shares, in ascending order: a holder's number among them, from 1, is its place in the sharing.
    /// </summary>
    public int[] HoldersOf(int place) => IsComplete ? ring : NeighboursOf(place);
}
