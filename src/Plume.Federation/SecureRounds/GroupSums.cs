using System.Globalization;
using Plume.Compression.Wire;
using Plume.Federation.Rounds;
using Plume.Federation.SecureSums;

namespace Plume.Federation.SecureRounds;

/// <summary>
/// The server's half of an attempt whose participants are added up in groups: a <see cref="SumServer"/> for each, which make
/// their first three trips together. A group of which too few go on is left out, and the others go on while they are enough.
/// </summary>
/// <remarks>Clients know their own group alone, and make the trips of a secure sum of it. One group is a sum of all.</remarks>
public sealed class GroupSums
{
    readonly FederationPlan plan;
    readonly Group[] groups;
    readonly Dictionary<int, Group> groupOf = [];
    readonly int asked;

    sealed class Group(int number, SecureRound round, string name)
    {
        public int Number => number;

        public SecureRound Round => round;

        public SumServer? Server { get; set; }

        // Why it is left out; null where it is not.
        public string? Lost { get; set; }

        public RevealedSum? Revealed { get; set; }

        public bool IsIn => Lost is null;

        public SumPhase Phase => Revealed is not null ? SumPhase.Done : Server!.Phase;

        public bool HasEnough => Revealed is not null || Server!.HasEnough;

        public IReadOnlyList<int> Contributing => Server?.Contributing ?? [];

        public override string ToString() => string.Create(CultureInfo.InvariantCulture,
            $"{name} (clients {string.Join(", ", round.Task.Participants)})");
    }

    /// <summary>Sessions without clients yet.</summary>
    /// <param name="rounds">The groups.</param>
    /// <param name="plan">The federation's rules.</param>
    /// <exception cref="ArgumentException">There is one group, and its terms break rules.</exception>
    public GroupSums(IReadOnlyList<SecureRound> rounds, FederationPlan plan) : this(rounds, plan, isNew: true)
    {
    }

    GroupSums(IReadOnlyList<SecureRound> rounds, FederationPlan plan, bool isNew)
    {
        ArgumentNullException.ThrowIfNull(rounds);
        ArgumentNullException.ThrowIfNull(plan);
        this.plan = plan;
        groups = [.. rounds.Select((round, number) => new Group(number, round, SumGroups.NameOf(plan, round.Task, number)))];
        asked = groups.Sum(group => group.Round.Task.Participants.Count);
        foreach (var group in groups)
        {
            foreach (int client in group.Round.Task.Participants)
                groupOf[client] = group;
            if (isNew && groups.Length > 1 && group.Round.Terms.Problems().FirstOrDefault() is { } problem)
                group.Lost = problem;
            else if (isNew)
                group.Server = new SumServer(group.Round.Terms);
        }
    }

    /// <summary>
    /// What they wait for: the first three trips are of all groups, and of the others the one that the last group is at.
    /// </summary>
    public SumPhase Phase => In.Select(group => group.Phase).DefaultIfEmpty().Min();

    /// <summary>Groups of which enough have signed who is in the sum, where others still wait for that.</summary>
    public int Ahead => In.Count(group => group.Phase > Phase);

    /// <summary>What a client's group waits for; of one that is in none, what all wait for.</summary>
    public SumPhase PhaseOf(int client) => !groupOf.TryGetValue(client, out var group) ? Phase
        : group.IsIn ? group.Phase : SumPhase.Done;

    /// <summary>Why a client's group is left out, in a sentence; null where it is not.</summary>
    public string? WhyLeftOut(int client) => groupOf.TryGetValue(client, out var group) && !group.IsIn
        ? $"The sum of the group of client {client} is left out: {group.Lost}" : null;

    /// <summary>Who is in a sum, in ascending order; known once masked words are closed.</summary>
    public IReadOnlyList<int> Contributing => [.. In.SelectMany(group => group.Contributing).Order()];

    /// <summary>Who was in a sum when that was fixed, and in a group that was left out after it.</summary>
    public IReadOnlyList<int> LeftOut =>
        [.. groups.Where(group => !group.IsIn).SelectMany(group => group.Contributing).Order()];

    /// <summary>Clients that have done the trip at hand.</summary>
    public int Answered => In.Sum(group => group.Server!.Answered);

    /// <summary>Which groups are left out, and why, in sentences.</summary>
    public IEnumerable<string> Notes => groups.Length == 1 ? []
        : groups.Where(group => !group.IsIn).Select(group => $"The sum of {group} is left out: {group.Lost}");

    /// <summary>What an operator is told of the round: which groups are left out, and which count at less than their size; null
    /// for nothing.</summary>
    public string? NoteOn(SumOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        string note = string.Join(" ", Notes.Concat(outcome.Note is { } own ? [own] : []));
        return note.Length == 0 ? null : note;
    }

    /// <summary>The round of a client's group.</summary>
    /// <exception cref="InvalidPayloadException">It is in none.</exception>
    public SecureRound RoundOf(int client) => GroupOf(client).Round;

    /// <summary>The sum of a client's group.</summary>
    /// <exception cref="InvalidPayloadException">It is in none, or its group is left out.</exception>
    public SumServer Of(int client)
    {
        var server = GroupOf(client).Server!;
        return WhyLeftOut(client) is { } why ? throw new InvalidPayloadException(why) : server;
    }

    /// <summary>How many of a client's group are its share of those whom a round waits for.</summary>
    /// <param name="client">The client.</param>
    /// <param name="wanted">Whom the round waits for, of all that it asked.</param>
    public int WantedWith(int client, int wanted) =>
        (GroupOf(client).Round.Task.Participants.Count * wanted + asked - 1) / asked;

    /// <summary>Takes a client's message of a trip.</summary>
    /// <exception cref="InvalidPayloadException">It breaks a rule, comes twice or too late, or of no group.</exception>
    public void Take(SumPhase trip, int client, ReadOnlySpan<byte> bytes)
    {
        var server = Of(client);
        switch (trip)
        {
            case SumPhase.Keys:
                server.TakeKeys(client, bytes);
                break;
            case SumPhase.Shares:
                server.TakeShares(client, bytes);
                break;
            case SumPhase.Masked:
                server.TakeMasked(client, bytes);
                break;
            case SumPhase.Consistency:
                server.TakeSignature(client, bytes);
                break;
            default:
                server.TakeUnmasking(client, bytes);
                break;
        }
    }

    /// <summary>Ends one of the first three trips.</summary>
    /// <exception cref="SumLostException">Too few made it.</exception>
    public void Close()
    {
        var trip = Phase;
        foreach (var group in In)
        {
            Try(group, server =>
            {
                if (trip == SumPhase.Keys)
                    server.CloseKeys();
                else if (trip == SumPhase.Shares)
                    server.CloseShares();
                else
                    server.CloseMasked();
            });
        }

        Check(trip == SumPhase.Masked);
    }

    /// <summary>Whether there are shares enough to take all masks off.</summary>
    public bool HasEnough => In.Length > 0 && In.All(group => group.HasEnough);

    /// <summary>
    /// Leaves out, when the time of the last trips is over, the groups that are behind: those of which too few have signed, where
    /// others go on to unmask, or else those of which too few have sent shares.
    /// </summary>
    /// <returns>Whether enough groups go on; if not, nothing was left out.</returns>
    public bool LeaveLateOut()
    {
        bool unmasks = Phase > SumPhase.Consistency;
        Group[] late = [.. In.Where(group => unmasks ? !group.HasEnough : group.Phase == SumPhase.Consistency)];
        if (groups.Length == 1 || late.Length == 0 || Missing([.. In.Except(late)], countsClients: true) is not null)
            return false;
        foreach (var group in late)
            group.Lost = $"Of its {group.Contributing.Count} clients {group.Server!.Answered} have "
                + $"{(unmasks ? "sent shares" : "signed who is in it")} in time, which are too few.";
        return true;
    }

    /// <summary>All that it takes to go on to unmask.</summary>
    /// <exception cref="InvalidOperationException">Who is in the sums is not fixed, or they are unmasked.</exception>
    public byte[] Keep()
    {
        if (groups.Length == 1)
            return groups[0].Server!.Keep();
        var output = new PayloadWriter();
        foreach (var group in groups)
        {
            byte[] kept = group.IsIn ? group.Server!.Keep() : [];
            output.Varint(kept.Length);
            output.Bytes(kept);
        }

        return output.Written.ToArray();
    }

    /// <summary>Goes on from what <see cref="Keep"/> wrote.</summary>
    /// <param name="rounds">The groups.</param>
    /// <param name="plan">The federation's rules.</param>
    /// <param name="kept">The bytes.</param>
    /// <exception cref="InvalidPayloadException">They are not sessions of these groups.</exception>
    public static GroupSums Restore(IReadOnlyList<SecureRound> rounds, FederationPlan plan, ReadOnlySpan<byte> kept)
    {
        var sums = new GroupSums(rounds, plan, isNew: false);
        if (sums.groups is [{ } only])
        {
            only.Server = SumServer.Restore(only.Round.Terms, kept);
            return sums;
        }

        var input = new PayloadReader(kept);
        foreach (var group in sums.groups)
        {
            var bytes = input.Bytes(input.Varint("bytes of a group", 0, int.MaxValue), "group");
            if (bytes.Length > 0)
                group.Server = SumServer.Restore(group.Round.Terms, bytes);
            else
                group.Lost = "Too few of it made their trips.";
        }

        input.End("kept sessions");
        return sums;
    }

    /// <summary>Takes the masks off the sums of all groups of which there are shares enough; the others are left out.</summary>
    /// <param name="threads">Threads that expand masks; the sums do not depend on it.</param>
    /// <exception cref="SumLostException">Too few groups have a sum.</exception>
    public RevealedSums Finish(int threads = 1)
    {
        foreach (var group in In.Where(group => group.Revealed is null))
            Try(group, server => group.Revealed = group.Round.Reveal(server.Finish(threads), server.Contributing.Count));
        Check(countsClients: true);
        return new RevealedSums([.. In.Select(group => new RevealedGroup(group.Number, group.Contributing, group.Revealed!))]);
    }

    Group[] In => [.. groups.Where(group => group.IsIn)];

    Group GroupOf(int client) => groupOf.TryGetValue(client, out var group) ? group
        : throw new InvalidPayloadException($"Client {client} is not asked.");

    // Of one sum nothing is left to go on with, and more shares may tell which ones do not fit.
    void Try(Group group, Action<SumServer> step)
    {
        try
        {
            step(group.Server!);
        }
        catch (SumLostException lost) when (groups.Length > 1)
        {
            group.Lost = lost.Message;
        }
    }

    void Check(bool countsClients)
    {
        if (Missing(In, countsClients) is { } missing)
            throw new SumLostException(string.Join(" ", [missing, .. Notes]));
    }

    // What there is too little of; null where there is enough.
    string? Missing(Group[] left, bool countsClients)
    {
        int fewest = plan.Rule?.FewestGroups ?? 1, clients = left.Sum(group => group.Contributing.Count);
        if (groups.Length == 1)
            return null;
        return left.Length < fewest ? $"{left.Length} of {groups.Length} groups have a sum, but the round needs {fewest}."
            : countsClients && clients < plan.Quorum
                ? $"{clients} clients are in the sums of groups, but the round needs {plan.Quorum}."
                : null;
    }
}
