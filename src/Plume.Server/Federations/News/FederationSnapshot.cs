using Plume.Federation.Books;
using Plume.Federation.Budgets;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Secure;

namespace Plume.Server.Federations.News;

/// <summary>What a server that answers clients must know of a federation: enough for all that is not a change.</summary>
/// <param name="Sequence">Goes up with every change that clients wait for.</param>
/// <param name="Phase">What the federation is doing.</param>
/// <param name="IsPaused">Whether no further round opens.</param>
/// <param name="Round">The round at hand, or the next to open.</param>
/// <param name="Attempt">Its attempt.</param>
/// <param name="ModelVersion">The newest version.</param>
/// <param name="Deadline">When the round closes, by its owner's clock.</param>
/// <param name="Participants">Who is asked, in ascending order.</param>
/// <param name="Message">Why it ended, where it did.</param>
[GenerateSerializer, Immutable]
public sealed record FederationSnapshot(
    long Sequence,
    Phase Phase,
    bool IsPaused,
    int Round,
    int Attempt,
    int ModelVersion,
    DateTimeOffset Deadline,
    int[] Participants,
    string Message)
{
    /// <summary>Time to the deadline when this was told.</summary>
    [Id(0)]
    public TimeSpan Left { get; init; }

    /// <summary>The timestamp of whoever heard it, when it did.</summary>
    [Id(1)]
    public long Heard { get; init; }

    /// <summary>
    /// The sequence since which no place was given back: who knows it has no need to ask again who has which number.
    /// </summary>
    [Id(2)]
    public long PlacesSince { get; init; }

    /// <summary>How the secure sum of the round stands; null where there is none.</summary>
    [Id(3)]
    public SumStanding? Sum { get; init; }

    /// <summary>What each client is asked to do that has not answered, where rounds are buffered; null where they
    /// are not.</summary>
    [Id(4)]
    public PublishedTask[]? Tasks { get; init; }

    /// <summary>The norm that counts as usual in the round: its clip, where that follows the norms of updates.</summary>
    [Id(5)]
    public double? UsualNorm { get; init; }

    /// <summary>How far updates of the last rounds were apart; null where no step follows from it.</summary>
    [Id(6)]
    public double? Spread { get; init; }

    /// <summary>How hard a budget of bytes presses on the round's steps.</summary>
    [Id(7)]
    public int Pressure { get; init; }

    /// <summary>What a budget of bytes reserved for each client that is asked; null where there is none.</summary>
    [Id(8)]
    public PublishedLimit[]? Limits { get; init; }

    /// <summary>What is reserved for a client in the round at hand: nothing where it is not asked; null where there is no
    /// budget.</summary>
    public PublishedLimit? LimitOf(int client)
    {
        if (Limits is null)
            return null;
        return Phase == Phase.Collecting ? Array.Find(Limits, limit => limit.Client == client) : default(PublishedLimit);
    }

    /// <summary>Whether nothing more will happen.</summary>
    public bool HasEnded => Phase is Phase.Finished or Phase.Abandoned or Phase.Stopped;

    /// <summary>Time to a task's deadline, for who heard of it by this clock; zero after it.</summary>
    public TimeSpan LeftBy(TimeProvider time, PublishedTask task)
    {
        var left = Left + (task.Deadline - Deadline) - time.GetElapsedTime(Heard);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>What the round at hand asks of this client; null where it asks nothing.</summary>
    public PublishedTask? TaskOf(int client)
    {
        if (Phase != Phase.Collecting)
            return null;
        if (Tasks is null)
            return Array.BinarySearch(Participants, client) >= 0
                ? new PublishedTask(client, Round, Attempt, Deadline) : null;
        int place = Array.BinarySearch(Tasks, new PublishedTask(client, 0, 0, default), PublishedTask.ByClient);
        return place >= 0 ? Tasks[place] : null;
    }
}

/// <summary>What a budget of bytes reserved for a client's part in a round.</summary>
/// <param name="Client">Which client.</param>
/// <param name="Download">Most bytes that lead it to the newest version.</param>
/// <param name="Upload">Most bytes of its update.</param>
[GenerateSerializer, Immutable]
public readonly record struct PublishedLimit(int Client, long Download, long Upload);

/// <summary>What a client is asked to do.</summary>
/// <param name="Client">Which client.</param>
/// <param name="Round">The round that asked it.</param>
/// <param name="Attempt">That round's attempt, or where rounds are buffered the task's number in it.</param>
/// <param name="Deadline">When it is late, by the federation's owner's clock.</param>
[GenerateSerializer, Immutable]
public readonly record struct PublishedTask(int Client, int Round, int Attempt, DateTimeOffset Deadline)
{
    /// <summary>Tasks in the order of their clients.</summary>
    public static IComparer<PublishedTask> ByClient { get; } =
        Comparer<PublishedTask>.Create((left, right) => left.Client.CompareTo(right.Client));

    /// <summary>The client's part in the round.</summary>
    public RoundPart Part => new(Round, Attempt, Client);
}

/// <summary>Everything that an operator sees.</summary>
/// <param name="Now">The state.</param>
/// <param name="Rounds">How many there will be.</param>
/// <param name="Members">Clients that are there.</param>
/// <param name="Added">Updates in the sum of the round at hand.</param>
/// <param name="UplinkBytes">Received in all rounds.</param>
/// <param name="DownlinkBytes">Sent in all rounds.</param>
/// <param name="History">The rounds so far.</param>
[GenerateSerializer, Immutable]
public sealed record FederationOverview(FederationSnapshot Now, int Rounds, int Members, int Added, long UplinkBytes,
    long DownlinkBytes, IReadOnlyList<RoundMetrics> History)
{
    /// <summary>Members that rounds ask less, since they let deadlines pass.</summary>
    [Id(0)]
    public IReadOnlyList<AbsentMember> AskedLess { get; init; } = [];

    /// <summary>Who has a place and is not there, while a round waits for clients.</summary>
    [Id(4)]
    public AbsentClient[] Absent { get; init; } = [];

    /// <summary>Who is at work, where rounds are buffered.</summary>
    [Id(2)]
    public IReadOnlyList<MemberAtWork> AtWork { get; init; } = [];

    /// <summary>What was spent of a budget of bytes, and given up for it, in sentences; empty where there is none.</summary>
    [Id(3)]
    public string Budget { get; init; } = "";

    /// <summary>The same in numbers; null where there is none.</summary>
    [Id(6)]
    public BudgetNumbers? BudgetNumbers { get; init; }

    /// <summary>Clients that must be there before the round at hand opens.</summary>
    [Id(5)]
    public int Needed { get; init; }

    /// <summary>The rounds of the client that took part in the most, where the plan promises privacy.</summary>
    [Id(1)]
    public int MostParticipations { get; init; }
}

/// <summary>Where a federation stands with its budget of bytes.</summary>
/// <param name="Scope">Whose bytes the budget bounds.</param>
/// <param name="Bytes">What may be spent: by all clients together, or by each.</param>
/// <param name="Spent">What counts: of all clients together, or of the client that has spent most.</param>
/// <param name="Unused">Share of what all clients may spend that was not spent, 0 to 1.</param>
[GenerateSerializer, Immutable]
public sealed record BudgetNumbers(BudgetScope Scope, long Bytes, long Spent, double Unused);

/// <summary>A client that has a place and is not there.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="RestsUntil">When it is asked again, since it could not do its task; null where it is away.</param>
[GenerateSerializer, Immutable]
public sealed record AbsentClient(string Name, DateTimeOffset? RestsUntil);

/// <summary>A member with a task, where rounds are buffered.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Version">The newest version when it was asked; it works on this or a later one.</param>
[GenerateSerializer, Immutable]
public sealed record MemberAtWork(string Name, int Version);

/// <summary>A member that let deadlines pass, or has the place of one that did.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Missed">How many in a row; 0 where only those before it did.</param>
/// <param name="Rest">How many rounds go by without it.</param>
[GenerateSerializer, Immutable]
public sealed record AbsentMember(string Name, int Missed, int Rest);

/// <summary>A client that has a place.</summary>
/// <param name="Number">The place.</param>
/// <param name="Name">What the client is called.</param>
/// <param name="IsThere">Whether rounds may ask it.</param>
/// <param name="Missed">Deadlines that it let pass, in a row.</param>
[GenerateSerializer, Immutable]
public sealed record PlaceHolder(int Number, string Name, bool IsThere, int Missed);
