using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Plume.Server.Federations.Telemetry;

/// <summary>
/// What this server counts, as instruments of the meter <see cref="MeterName"/>. Counts begin at zero with the process.
/// </summary>
sealed class ServerMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Plume.Server";

    static readonly double[] SecondsOfRounds = [0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400];

    readonly ConcurrentDictionary<string, FederationMetrics> federations = new(StringComparer.Ordinal);

    public ServerMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        Commits = meter.CreateCounter<long>("plume.round.commits", "{round}", "Rounds whose version this server committed.");
        RoundDuration = meter.CreateHistogram("plume.round.duration", "s", "Time from a round's opening to its commit.",
            tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = SecondsOfRounds });
        Updates = meter.CreateCounter<long>("plume.updates", "{update}",
            "Updates that were answered, by outcome and by the rule that refused them.");
        PayloadBytes = meter.CreateCounter<long>("plume.payload.io", "By",
            "Payload bytes: updates that arrived, and models that were sent.");
        Held = meter.CreateUpDownCounter<long>("plume.clients.held", "{client}",
            "Clients whose question for work this server holds until there is some.");
        StorageRetries = meter.CreateCounter<long>("plume.storage.retries", "{retry}",
            "Times that storage did not answer and was to be asked again.");
        meter.CreateObservableGauge("plume.members", () => Observe<long>(figures => figures.Members), "{client}",
            "Clients that are there, told by the server that owns the federation.");
        meter.CreateObservableGauge("plume.model.version", () => Observe<long>(figures => figures.Version), "{version}",
            "The newest version, told by the server that owns the federation.");
        meter.CreateObservableGauge("plume.model.accuracy", () => Observe(figures => figures.Accuracy), "1",
            "Of the newest version that was measured, 0 to 1.");
    }

    public Counter<long> Commits { get; }

    public Histogram<double> RoundDuration { get; }

    public Counter<long> Updates { get; }

    public Counter<long> PayloadBytes { get; }

    public UpDownCounter<long> Held { get; }

    public Counter<long> StorageRetries { get; }

    /// <summary>The same for one federation.</summary>
    public FederationMetrics For(string federation) =>
        federations.GetOrAdd(federation, name => new FederationMetrics(this, name));

    IEnumerable<Measurement<T>> Observe<T>(Func<FederationFigures, T?> value)
        where T : struct
    {
        foreach (var federation in federations.Values)
        {
            if (federation.Figures is { } figures && value(figures) is { } measured)
                yield return new Measurement<T>(measured, federation.Tag);
        }
    }
}
