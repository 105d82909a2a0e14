using Plume.Federation.SecureSums.Messages;

namespace Plume.Federation.SecureSums;

/// <summary>What a client insists on of a roster before it gives anything to it.</summary>
static class RosterCheck
{
    /// <summary>Why the roster is refused: the end of a sentence; null where it is not.</summary>
    /// <param name="roster">What the server says.</param>
    /// <param name="terms">What the session is about.</param>
    /// <param name="own">The client's own keys.</param>
    /// <param name="identity">By which it knows others' keys; null where it takes the server's word.</param>
    public static string? ProblemOf(Roster roster, SumTerms terms, KeyAnnouncement own, ISumIdentity? identity)
    {
        // Two clients with one key would share masks with a third that cancel.
        KeyAnnouncement[] all = [own, .. roster.NeighbourKeys];
        if (all.SelectMany(each => new[] { each.SealKey, each.MaskKey }).DistinctBy(key => Convert.ToHexString(key.Span))
            .Count() < 2 * all.Length)
            return "two keys of the roster are the same";
        int[] neighbours = roster.Graph.NeighboursOf(roster.Place);
        for (int i = 0; i < neighbours.Length && identity is not null; i++)
        {
            var (theirs, other) = (roster.NeighbourKeys[i], roster.Clients[neighbours[i]]);
            if (!identity.Verifies(other, theirs.Statement(terms, other), theirs.Signature.Span))
                return $"the keys of client {other} are not signed by it for this session";
        }

        if (!roster.Graph.IsComplete)
            return null;
        var byPlace = roster.NeighbourKeys.ToList();
        byPlace.Insert(roster.Place, own);
        return roster.Hash.Span.SequenceEqual(Roster.HashOf(roster.Clients.Zip(byPlace))) ? null
            : "the roster's hash is not that of its keys";
    }
}
