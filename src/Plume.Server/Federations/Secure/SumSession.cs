using System.Security.Cryptography;
using Plume.Compression.Wire;
using Plume.Federation.Rounds;
using Plume.Federation.SecureRounds;
using Plume.Federation.SecureSums;
using Plume.Server.Federations.Records;

namespace Plume.Server.Federations.Secure;

/// <summary>
/// One session of a secure sum, in the memory of the server that owns the federation: keys, what clients sealed for one another,
/// and the sum of masked words. What a client sent for the last two trips is in nothing else.
/// </summary>
/// <param name="round">The round of the first group, which has what all groups have.</param>
/// <param name="server">Its protocol, from the first trip on or restored before the last.</param>
/// <param name="participants">Whom the attempt asked.</param>
sealed class SumSession(SecureRound round, GroupSums server, int[] participants)
{
    // What each client sent for a trip, by its hash: to answer it alike when it is sent again.
    readonly Dictionary<(SumPhase Trip, int Client), byte[]> taken = [];

    // Who has no secrets of the session any more, or said that it can do no more: nobody waits for them.
    readonly HashSet<int> gone = [];

    // By client, where keys are signed.
    readonly Dictionary<int, byte[]> certificates = [];

    // Whose part in a trip did not come in time.
    readonly SortedSet<int> missing = [];
    long told;

    /// <summary>A session of a server that restarted, in which who is in the sums is fixed.</summary>
    public SumSession(SecureRound round, GroupSums server, int[] participants, bool isFixed) : this(round, server, participants)
    {
        IsFixed = isFixed;
        foreach (int client in server.Contributing)
        {
            foreach (var trip in (SumPhase[])[SumPhase.Keys, SumPhase.Shares, SumPhase.Masked])
                taken[(trip, client)] = [];
        }
    }

    /// <summary>What its participants are told, those of the first group.</summary>
    public SecureTask Task => round.Task;

    /// <summary>Whether there may be several groups, each with a sum.</summary>
    public required bool IsGrouped { get; init; }

    /// <summary>The step of the next round.</summary>
    /// <param name="fill">The mean reach of levels.</param>
    public float NextStep(double fill) => round.NextStep(fill);

    /// <summary>Tells it from others.</summary>
    public long Number => round.Task.Session;

    /// <summary>The protocol.</summary>
    public GroupSums Server => server;

    /// <summary>When the open trip closes with what has come.</summary>
    public required DateTimeOffset Deadline { get; set; }

    /// <summary>Whether who is in the sum is durable, so that clients may be asked to unmask.</summary>
    public bool IsFixed { get; set; }

    /// <summary>Whether the sum is being unmasked.</summary>
    public bool IsFinishing { get; set; }

    /// <summary>Who did not do its part in time so far.</summary>
    public IReadOnlyList<int> Missing => [.. missing];

    /// <summary>Bytes that clients sent.</summary>
    public long Bytes { get; private set; }

    /// <summary>How it stands, for others.</summary>
    public SumStanding Stands => new(Number, server.Phase > SumPhase.Masked && !IsFixed ? SumPhase.Masked : server.Phase,
        round.Task.Step, round.Task.IsSigned)
    {
        Ahead = server.Ahead,
        Participants = participants,
    };

    /// <summary>What the ledger has of the sum.</summary>
    /// <param name="sha256">Hash of its bytes.</param>
    public KeptSum Kept(string sha256) => new(Task.Attempt, server.Contributing.Count, Number, sha256);

    /// <summary>Bytes that clients sent since this was asked last.</summary>
    public long NewBytes()
    {
        long before = told;
        told = Bytes;
        return told - before;
    }

    /// <summary>Whether a client's message of a trip is here.</summary>
    public bool Has(SumPhase trip, int client) => taken.ContainsKey((trip, client));

    /// <summary>Whether a client sent another message for a trip before.</summary>
    public bool IsOther(SumMessage message) => message.Bytes is { } bytes
        && taken.TryGetValue((message.Trip, message.Client), out byte[]? before) && before.Length > 0
        && !before.AsSpan().SequenceEqual(SHA256.HashData(bytes));

    /// <summary>Nobody waits for a client any more.</summary>
    public void Leave(int client) => gone.Add(client);

    /// <summary>Takes a message of the open trip.</summary>
    /// <exception cref="InvalidPayloadException">It breaks a rule, or the client sent another one before.</exception>
    public void Take(SumMessage message)
    {
        byte[] bytes = message.Bytes!, hash = SHA256.HashData(bytes);
        var key = (message.Trip, message.Client);
        if (taken.TryGetValue(key, out byte[]? before) && before.AsSpan().SequenceEqual(hash))
            return;
        if (round.Task.IsSigned)
            HoldToSignature(message);
        server.Take(message.Trip, message.Client, bytes);
        taken[key] = hash;
        gone.Remove(message.Client);
        Bytes += bytes.Length;
    }

    // After a restart certificates come again with what they are for.
    void HoldToSignature(SumMessage message)
    {
        int client = message.Client;
        if (message.Trip == SumPhase.Keys)
            certificates[client] = Signers.Check(message, server.RoundOf(client).Terms);
        else if (message.Trip > SumPhase.Masked && server.Contributing.Contains(client))
            certificates[client] = Signers.CheckContributors(message, server.RoundOf(client).Terms,
                server.Of(client).StatementOf(client));
    }

    /// <summary>What a client is told when a trip that it made is over.</summary>
    public SumAnswer ToldAfter(SumPhase trip, int client) => trip switch
    {
        SumPhase.Keys => SumAnswer.Says(server.Of(client).RosterFor(client)) with
        {
            Neighbours = NamesOf(server.Of(client).NeighboursOf(client)),
        },
        SumPhase.Shares => SumAnswer.Says(server.Of(client).SharesFor(client)),
        SumPhase.Masked => SumAnswer.Says(server.Of(client).ContributorsMessage()),
        _ => SumAnswer.Says(server.Of(client).SignaturesFor(client)) with
        {
            Neighbours = NamesOf(server.Of(client).SignersFor(client).Except(server.Of(client).NeighboursOf(client))),
        },
    };

    SumNeighbour[] NamesOf(IEnumerable<int> clients) =>
        round.Task.IsSigned ? [.. clients.Select(other => new SumNeighbour(other, certificates[other]))] : [];

    /// <summary>Who has still to make the open trip.</summary>
    /// <param name="state">Of the rules.</param>
    /// <param name="wanted">After how many keys nobody waits for more.</param>
    public IReadOnlyList<int> Awaited(FederationState state, int wanted)
    {
        var there = state.Standings.Where(entry => entry.Value == Standing.Asked && !gone.Contains(entry.Key))
            .Select(entry => entry.Key).Where(client => server.PhaseOf(client) != SumPhase.Done && !Has(server.Phase, client));
        return [.. server.Phase switch
        {
            SumPhase.Keys => there.Where(client => server.Of(client).Answered < server.WantedWith(client, wanted)),
            SumPhase.Shares or SumPhase.Masked => there.Where(client => Has(server.Phase - 1, client)),
            _ => [],
        }];
    }

    /// <summary>Closes the open trip; who did not make it, and could, is missing.</summary>
    /// <exception cref="SumLostException">Too few made it.</exception>
    public void Close(FederationState state, int wanted)
    {
        missing.UnionWith(Awaited(state, wanted));
        server.Close();
    }
}
