using Plume.Federation.Books;

namespace Plume.Server.Federations.Records;

/// <summary>
/// What a coordinator keeps in memory of the versions so far: sums, what clients catch up by, and the last rounds.
/// </summary>
sealed class RunHistory
{
    /// <summary>Rounds that are told.</summary>
    public const int RoundsTold = 100;

    // Of each version from 1 on, for each capacity.
    readonly List<PayloadMark[]> payloads = [];
    volatile IReadOnlyList<RoundMetrics> last = [];

    // Read by whoever watches, while versions are added.
    readonly Lock access = new();
    readonly List<RoundPoint> points = [];
    readonly Dictionary<int, ClientRecord> clients = [];

    /// <summary>Bytes of the payloads for clients of a capacity, from version 1 on.</summary>
    public IEnumerable<long> LengthsFor(int capacity) => payloads.Select(version => version[capacity].Length);

    /// <summary>Lengths of all payloads that arrived.</summary>
    public long UplinkBytes { get; private set; }

    /// <summary>Lengths of all that clients downloaded.</summary>
    public long DownlinkBytes { get; private set; }

    /// <summary>That was measured last; null where none was.</summary>
    public double? Accuracy { get; private set; }

    /// <summary>XXH64 of a version's payload for clients of a capacity.</summary>
    public ulong HashOf(int version, int capacity) => payloads[version - 1][capacity].Hash;

    /// <summary>The rounds after one, of the last hundred.</summary>
    public IReadOnlyList<RoundMetrics> Since(int round) => [.. last.Where(record => record.Round > round)];

    /// <summary>The rounds after one, all of them.</summary>
    public RoundPoint[] PointsSince(int round)
    {
        lock (access)
        {
            int first = points.Count;
            while (first > 0 && points[first - 1].Round > round)
                first--;
            return [.. points.Skip(first)];
        }
    }

    /// <summary>What became of the updates of a place's client.</summary>
    public ClientRecord RecordOf(int client)
    {
        lock (access)
            return clients.GetValueOrDefault(client);
    }

    /// <summary>Takes in the next version.</summary>
    public void Add(VersionRecord record)
    {
        lock (access)
            AddClients(record);
        if (record.Round is not { } round)
            return;
        lock (access)
            points.Add(RoundPoint.Of(round));
        payloads.Add([.. record.Payloads]);
        UplinkBytes += round.UplinkBytes;
        DownlinkBytes += round.DownlinkBytes;
        Accuracy = round.Accuracy ?? Accuracy;
        last = [.. last.TakeLast(RoundsTold - 1), round];
    }

    // A place that changed hands begins anew.
    void AddClients(VersionRecord record)
    {
        foreach (int client in record.Places.Keys)
            clients.Remove(client);
        foreach (var update in record.Updates)
            clients[update.Client] = clients.GetValueOrDefault(update.Client).With(update);
    }
}
