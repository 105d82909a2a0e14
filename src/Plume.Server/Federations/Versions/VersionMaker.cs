using Microsoft.Extensions.Logging;
using Plume.Federation.Books;
using Plume.Federation.Learners;
using Plume.Federation.Models;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Sums;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Federations.Uploads;
using Plume.Server.Federations.Writing;
using Plume.Server.Storage;

namespace Plume.Server.Federations.Versions;

/// <summary>
/// How a round becomes a version: its mean is applied, measured and written, and one write to the ledger makes it the newest.
/// </summary>
sealed partial class VersionMaker(FederationDefinition definition, WrittenBooks written, Journal journal, UpdateDesk updates,
    Merging merging, VersionStore store, Downloads downloads, RunHistory history, StorageRetry retry, FederationMetrics metrics,
    ILogger logger)
{
    /// <summary>Places that were taken or given back since the newest version.</summary>
    public required Func<IReadOnlyDictionary<int, string>> Places { get; init; }

    /// <summary>The secure sum that the round has revealed; null where its updates are not added up in secret.</summary>
    public required Func<KeptSum?> Sum { get; init; }

    /// <summary>Is told of a version that was committed. Under the turn.</summary>
    public required Action<RoundMetrics> Committed { get; init; }

    /// <summary>Is told what each tensor takes in a version's payload.</summary>
    public required Action<IReadOnlyList<long>> Sized { get; init; }

    /// <summary>Makes the version of the round at hand, which has closed.</summary>
    /// <returns>Its round.</returns>
    public async Task<int> MakeAsync()
    {
        var plan = written.State.Current;
        var contributions = updates.Contributions;
        var sum = Sum();
        var merged = await retry.UntilDoneAsync(() => sum is not null ? merging.OfSumAsync(sum, plan, retry.Closing)
            : contributions.Length == 0 ? Task.FromResult(Merging.Nothing(plan))
            : merging.OfAsync(contributions, plan, written.State.MedianNorm, retry.Closing)).ConfigureAwait(false);
        var payloads = await ApplyAsync(merged).ConfigureAwait(false);
        var measured = Measure(plan.Round);
        await retry.UntilDoneAsync(() => CommitAsync(plan, payloads, measured, merged.Notes)).ConfigureAwait(false);
        return plan.Round;
    }

    async Task<IReadOnlyList<byte[]>> ApplyAsync(MergedUpdates merged)
    {
        await store.Turn.WaitAsync(retry.Closing).ConfigureAwait(false);
        try
        {
            await retry.UntilDoneAsync(() => store.WakeAsync(journal.Head, retry.Closing)).ConfigureAwait(false);
            var payloads = merged.Apply(store.Model, journal.Head.NoiseSecret);
            Sized(store.Model.Broadcast.MeasureLast());
            return payloads;
        }
        finally
        {
            store.Turn.Release();
        }
    }

    Evaluation? Measure(int round) =>
        definition.Evaluator is null || definition.Plan.Method.IsPersonal || !written.Books.IsMeasured(round) ? null
            : definition.Evaluator.Evaluate(store.Model.Weights, retry.Closing);

    // All of a version's bytes are durable before the ledger's head, one write, makes it the version.
    async Task<bool> CommitAsync(RoundPlan plan, IReadOnlyList<byte[]> payloads, Evaluation? measured,
        IReadOnlyList<string> notes)
    {
        await store.WritePayloadsAsync(plan.Round, payloads, retry.Closing).ConfigureAwait(false);
        CrashPoint.Pass("version-stored");
        string checkpoint = await store.WriteCheckpointAsync(plan.Round, retry.Closing).ConfigureAwait(false);
        CrashPoint.Pass("checkpoint-stored");
        using var mine = await written.TurnAsync(retry.Closing).ConfigureAwait(false);
        var (now, opened) = (written.Now, written.Books.Opened);
        var entry = written.Books.Consider(new ModelApplied
        {
            NextClip = store.Model.NextClip,
            Spread = store.Model.Spread,
            Bytes = RoundBytes.Published(written.State, store.Model.Broadcast),
        }, now);
        long downlinkBytes = downloads.Bytes;
        var figures = written.Books.Figures(measured, downlinkBytes, (now - opened).TotalSeconds);
        figures = figures with
        {
            Bounded = [.. figures.Bounded, .. notes],
            NextClip = store.Model.NextClip,
            Spread = store.Model.Spread,
        };
        var record = RecordOf(figures, payloads);
        var head = journal.Head with
        {
            Version = plan.Round,
            Checkpoint = checkpoint,
            Parent = journal.Head.Checkpoint,
            UsualNorm = plan.UsualNorm,
            Spread = plan.Spread,
            Steps = plan.MostPayload is { } most ? new KeptSteps(plan.ModelStep, most) : null,
            State = KeptState.Of(entry.After),
        };
        await written.CommitAsync(entry, head, record).ConfigureAwait(false);
        history.Add(record);
        downloads.Count(-downlinkBytes);
        store.Committed(plan.Round);
        metrics.Committed(now - opened);
        ServerTraces.Round(definition.Name, figures, opened, now);
        foreach (string note in notes)
            LogNote(logger, definition.Name, plan.Round, note);
        LogCommitted(logger, definition.Name, plan.Round, figures.Accepted, definition.Metric, figures.Accuracy);
        Committed(figures);
        return true;
    }

    VersionRecord RecordOf(RoundMetrics figures, IReadOnlyList<byte[]> payloads)
    {
        PayloadMark[] marks = [.. payloads.Select(PayloadMark.Of)];
        return new VersionRecord(marks[0].Length, marks[0].Hash, figures, Places(), updates.SettledIn(figures.Round))
        {
            Smaller = marks.Length > 1 ? marks[1..] : null,
            Sum = Sum(),
        };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Federation}: in round {Round} {Note}")]
    static partial void LogNote(ILogger logger, string federation, int round, string note);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Federation}: version {Version} is committed, made of {Updates} updates; {Metric} {Accuracy}")]
    static partial void LogCommitted(ILogger logger, string federation, int version, int updates, string metric,
        double? accuracy);
}
