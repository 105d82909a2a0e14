using System.Diagnostics;
using Plume.Federation.Books;
using Plume.Server.Federations.Records;

namespace Plume.Server.Federations.Telemetry;

/// <summary>
/// The spans of a server, of the source <see cref="SourceName"/>: one for every round from its opening to its commit, and one for
/// every upload.
/// </summary>
static class ServerTraces
{
    /// <summary>The source's name.</summary>
    public const string SourceName = "Plume.Server";

    static readonly ActivitySource Source = new(SourceName);

    /// <summary>Writes the span of a round that was just committed; a round that a crash cut begins with the restart.</summary>
    public static void Round(string federation, RoundMetrics record, DateTimeOffset opened, DateTimeOffset committed)
    {
        // Whatever call happened to bring the last update is not what the round is a part of.
        var caller = Activity.Current;
        Activity.Current = null;
        try
        {
            using var span = Source.StartActivity("round", ActivityKind.Internal, parentContext: default, startTime: opened);
            span?.SetTag("plume.federation", federation)
                .SetTag("plume.round", record.Round)
                .SetTag("plume.updates.counted", record.Accepted)
                .SetTag("plume.updates.refused", record.Refused.Count)
                .SetTag("plume.accuracy", record.Accuracy)
                .SetEndTime(committed.UtcDateTime);
        }
        finally
        {
            Activity.Current = caller;
        }
    }

    /// <summary>Begins the span of an upload, which ends when it is disposed; null where nobody listens.</summary>
    public static Activity? Upload(string federation, ArrivedUpdate update) => Source.StartActivity("upload")?
        .SetTag("plume.federation", federation)
        .SetTag("plume.client", update.Client)
        .SetTag("plume.round", update.Round)
        .SetTag("plume.attempt", update.Attempt)
        .SetTag("plume.update.bytes", update.Length);

    /// <summary>Writes what became of the update.</summary>
    public static void Settled(this Activity? span, UploadOutcome outcome) => span?
        .SetTag("plume.outcome", outcome.IsCounted ? "counted" : "refused")
        .SetTag("plume.rule", outcome.IsCounted ? null : outcome.Rule);
}
