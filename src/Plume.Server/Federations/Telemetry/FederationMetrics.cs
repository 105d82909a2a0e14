using Plume.Federation.Rounds;
using Plume.Server.Federations.Records;

namespace Plume.Server.Federations.Telemetry;

/// <summary>How a federation stands, as its owner knows.</summary>
/// <param name="Members">Clients that are there.</param>
/// <param name="Version">The newest.</param>
/// <param name="Accuracy">Of the newest version that was measured; null where none was.</param>
readonly record struct FederationFigures(int Members, int Version, double? Accuracy);

/// <summary>What one federation adds to a server's counts.</summary>
sealed class FederationMetrics(ServerMetrics server, string federation)
{
    static readonly KeyValuePair<string, object?> Up = new("plume.direction", "uplink"),
        Down = new("plume.direction", "downlink");

    Func<FederationFigures>? figures;

    /// <summary>Tells its counts from those of others.</summary>
    public KeyValuePair<string, object?> Tag { get; } = new("plume.federation", federation);

    /// <summary>Null where another server owns the federation.</summary>
    public FederationFigures? Figures => figures?.Invoke();

    /// <summary>Asks the owner for its figures from now on, until what is returned is disposed.</summary>
    public IDisposable Follow(Func<FederationFigures> owner)
    {
        figures = owner;
        return new Following(this, owner);
    }

    /// <summary>Counts what an event brought.</summary>
    public void Happened(LedgerEvent happened, IEnumerable<FederationCommand> commands)
    {
        if (happened is Arrived arrived)
            server.PayloadBytes.Add(arrived.Update.Length, Tag, Up);
        if (happened is WasAdded)
            server.Updates.Add(1, Tag, Outcome("counted"));
        if (happened is SumWasClosed sum)
            server.Updates.Add(sum.Clients.Count, Tag, Outcome("counted"));
        if (SumBytes(happened) is > 0 and var bytes)
            server.PayloadBytes.Add(bytes, Tag, Up);
        foreach (var refusal in commands.OfType<RefuseUpdate>())
            Refused(refusal.Reason);
    }

    static long SumBytes(LedgerEvent happened) => happened switch
    {
        SumWasClosed closed => closed.Length,
        SumWasRevealed revealed => revealed.Length,
        SumWasLost lost => lost.Length,
        _ => 0,
    };

    /// <summary>Counts an update that a rule refused.</summary>
    public void Refused(Refusal rule) =>
        server.Updates.Add(1, Tag, Outcome("refused"), new KeyValuePair<string, object?>("plume.rule", rule.ToString()));

    /// <summary>Counts a round.</summary>
    public void Committed(TimeSpan duration)
    {
        server.Commits.Add(1, Tag);
        server.RoundDuration.Record(duration.TotalSeconds, Tag);
    }

    /// <summary>Counts bytes sent to a client.</summary>
    public void Downloaded(long bytes) => server.PayloadBytes.Add(bytes, Tag, Down);

    /// <summary>Counts a client as held until what is returned is disposed.</summary>
    public IDisposable Hold() => new Hold(server, Tag);

    /// <summary>Counts a time that storage did not answer.</summary>
    public void StorageFailed() => server.StorageRetries.Add(1, Tag);

    static KeyValuePair<string, object?> Outcome(string outcome) => new("plume.outcome", outcome);

    // A newer owner may be there already.
    sealed class Following(FederationMetrics metrics, Func<FederationFigures> owner) : IDisposable
    {
        public void Dispose() => Interlocked.CompareExchange(ref metrics.figures, null, owner);
    }
}

/// <summary>One client that is held.</summary>
sealed class Hold : IDisposable
{
    readonly ServerMetrics server;
    readonly KeyValuePair<string, object?> federation;

    public Hold(ServerMetrics server, KeyValuePair<string, object?> federation)
    {
        (this.server, this.federation) = (server, federation);
        server.Held.Add(1, federation);
    }

    public void Dispose() => server.Held.Add(-1, federation);
}
