using Plume.Compression.Randomness;

namespace Plume.Simulation;

/// <summary>What one client's part in all rounds so far has cost.</summary>
/// <param name="Tasks">Times that it was asked.</param>
/// <param name="DownlinkBytes">What it downloaded.</param>
/// <param name="UplinkBytes">What it sent.</param>
/// <param name="Seconds">Wall time of its training and encoding, on the machine at hand and beside the clients that worked at
/// once.</param>
public readonly record struct ClientCost(int Tasks, long DownlinkBytes, long UplinkBytes, double Seconds)
{
    /// <summary>Both together.</summary>
    public static ClientCost operator +(ClientCost left, ClientCost right) => left.Add(right);

    /// <summary>Both together.</summary>
    public ClientCost Add(ClientCost other) =>
        new(Tasks + other.Tasks, DownlinkBytes + other.DownlinkBytes, UplinkBytes + other.UplinkBytes, Seconds + other.Seconds);
}

/// <summary>What a round costs its participants, and how long it would take on their links.</summary>
/// <param name="links">The link of each client; null where none are given.</param>
/// <param name="totals">What each client's rounds have cost, which grows.</param>
/// <param name="capacities">How many capacities clients have.</param>
sealed class RoundCosts(ClientLink[]? links, ClientCost[] totals, int capacities)
{
    readonly (double Seconds, int Clients)[] byCapacity = new (double, int)[capacities];
    readonly Dictionary<int, ClientCost> attempt = [];
    readonly Dictionary<int, double> declared = [];
    double earlier;

    /// <summary>Seconds that all participants computed, together.</summary>
    public double ClientSeconds { get; private set; }

    /// <summary>Mean seconds of a client of each capacity, 0 where none worked; null where there is one capacity.</summary>
    public double[]? SecondsByCapacity => capacities == 1 ? null
        : [.. byCapacity.Select(each => each.Seconds / Math.Max(1, each.Clients))];

    /// <summary>What all participants downloaded.</summary>
    public long DownlinkBytes { get; private set; }

    /// <summary>Begins the round anew with other participants: the time of those before is lost.</summary>
    public void TryAgain()
    {
        earlier += Slowest(attempt.Keys);
        attempt.Clear();
        declared.Clear();
    }

    /// <summary>A participant downloads.</summary>
    public void Download(int client, long bytes)
    {
        DownlinkBytes += bytes;
        Take(client, new ClientCost(1, bytes, 0, 0));
    }

    /// <summary>A participant has worked, and sends so many bytes; none where it has nothing to send.</summary>
    /// <param name="client">Which.</param>
    /// <param name="capacity">Its capacity.</param>
    /// <param name="seconds">Wall time of its work.</param>
    /// <param name="bytes">What it sends.</param>
    /// <param name="task">Where the draws of its task come from, by which declared work is drawn.</param>
    public void Answer(int client, int capacity, double seconds, long bytes, RandomKey task)
    {
        if (links?[client].Work is { } work)
            declared[client] = work.Seconds(task);
        ClientSeconds += seconds;
        if (bytes > 0)
            byCapacity[capacity] = (byCapacity[capacity].Seconds + seconds, byCapacity[capacity].Clients + 1);
        Take(client, new ClientCost(0, 0, bytes, seconds));
    }

    /// <summary>What all participants sent in the trips of a secure sum.</summary>
    public long SumBytes { get; private set; }

    /// <summary>A participant makes a trip of a secure sum.</summary>
    /// <param name="client">Which.</param>
    /// <param name="sent">Bytes that it sends.</param>
    /// <param name="received">Bytes that it is told.</param>
    public void Exchange(int client, long sent, long received)
    {
        SumBytes += sent;
        DownlinkBytes += received;
        Take(client, new ClientCost(0, received, sent, 0));
    }

    /// <summary>Seconds until the last of those that count has answered; null without links.</summary>
    public double? LinkSeconds(IEnumerable<int> counted) => links is null ? null : earlier + Slowest(counted);

    void Take(int client, ClientCost cost)
    {
        totals[client] += cost;
        attempt[client] = attempt.GetValueOrDefault(client) + cost;
    }

    // Who vanished answers never, and nobody waits: virtual clients say so.
    double Slowest(IEnumerable<int> clients) => links is null
        ? 0
        : clients.Where(client => attempt[client].Seconds > 0 || attempt[client].UplinkBytes > 0).Select(SecondsOf)
            .DefaultIfEmpty(0).Max();

    double SecondsOf(int client) =>
        links![client].Seconds(attempt[client].DownlinkBytes, declared.GetValueOrDefault(client, attempt[client].Seconds),
            attempt[client].UplinkBytes);
}
