using Plume.Federation.SecureSums.Messages;

namespace Plume.Federation.SecureSums;

/// <summary>What a client insists on before it gives a share away: that so many others were told the same of who is in the
/// sum.</summary>
/// <remarks>
/// Of n clients that are all neighbours more than two thirds, itself among them, and of more than
/// <see cref="Graph.GraphSize.LargestComplete"/> more than half of them and of those that may collude
/// (<see cref="Graph.SumGraph.Signers"/>). Clients that unmask two different sets would have seen two such groups, and more clients
/// would be in both than collude; but an honest one signs one set of a session. Neighbours alone would not do: in a ring they
/// overlap with those of near clients only, so that a server could tell two arcs of it two sets. Source: Bonawitz et al., CCS
/// 2017, eprint 2017/281, round 3. Differs from it: more than the threshold of a secret's holders, since holders are not all.
/// </remarks>
static class SignersCheck
{
    /// <summary>Why the signatures are refused: the end of a sentence; null where they are not.</summary>
    /// <param name="shown">What the server hands on.</param>
    /// <param name="roster">Who takes part.</param>
    /// <param name="members">Who is in the sum, by the client's own answer.</param>
    /// <param name="statement">What a client would have signed.</param>
    /// <param name="identity">By which signatures are known.</param>
    public static string? ProblemOf(SignedContributors shown, Roster roster, IReadOnlyList<bool> members,
        Func<int, byte[]> statement, ISumIdentity identity)
    {
        foreach (var (place, signature) in shown.Signatures)
        {
            int other = roster.Clients[place];
            if (place == roster.Place || !members[place])
                return $"client {other}, whose signature of who is in the sum it is shown, is "
                    + (members[place] ? "itself" : "not in it");
            if (!identity.Verifies(other, statement(other), signature.Span))
                return $"client {other} has not signed that these clients are in the sum of this session: it was told of others, "
                    + $"or the server made the signature up";
        }

        int have = shown.Signatures.Count + 1;
        return have >= roster.Graph.Signers ? null
            : $"of the roster's {roster.Clients.Count} clients {have}, itself among them, have signed who is in the sum, and "
                + $"{roster.Graph.Signers} must";
    }
}
