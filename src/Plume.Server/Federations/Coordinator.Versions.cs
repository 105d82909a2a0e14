using System.IO.Hashing;
using Microsoft.Extensions.Logging;
using Plume.Compression.Codecs;
using Plume.Federation.Learners;
using Plume.Federation.Models;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Storage;

namespace Plume.Server.Federations;

// How a round becomes a version, and how a version comes to clients.
partial class Coordinator
{
    /// <summary>What leads a client to a version, as names of blobs.</summary>
    /// <param name="from">The version it has; null for none.</param>
    /// <param name="to">The version it wants.</param>
    /// <param name="capacity">The client's.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>Null where that version is not the newest: the client must ask for its task again.</returns>
    public async Task<IReadOnlyList<DownloadPart>?> CatchUpAsync(int? from, int to, int capacity, CancellationToken cancellation)
    {
        await modelTurn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (to != model.Broadcast.Version || to != snapshot.ModelVersion || from > to)
                return null;
            var parts = new List<DownloadPart>();
            foreach (var segment in (await SoundWayAsync(from, capacity, cancellation).ConfigureAwait(false)).Segments)
            {
                string name = segment.Kind == SegmentKind.Version ? names.Version(segment.To, capacity) : names.CatchUp(segment.Kind == SegmentKind.Whole ? null : segment.From, segment.To, capacity);
                if (segment.Kind != SegmentKind.Version && await blobs.LengthAsync(name, cancellation).ConfigureAwait(false) != segment.Length)
                    await WriteAsync(name, segment.Payload, cancellation).ConfigureAwait(false);
                parts.Add(new DownloadPart(segment.Kind, segment.From, segment.To, segment.Length, name));
            }

            return parts;
        }
        finally
        {
            modelTurn.Release();
        }
    }

    /// <summary>The weights of the model that the server has for itself, as the name of a blob.</summary>
    /// <param name="version">The version wanted.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>Null where that version is not the newest.</returns>
    public async Task<IReadOnlyList<DownloadPart>?> ModelAsync(int version, CancellationToken cancellation)
    {
        await modelTurn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (version != model.Broadcast.Version || version != snapshot.ModelVersion)
                return null;
            string name = names.Model(version);
            if (await blobs.LengthAsync(name, cancellation).ConfigureAwait(false) is not { } length)
            {
                var published = new float[definition.Published.Length];
                var (_, memory) = await ReadCheckpointAsync(names.Checkpoint(version), head.Checkpoint, [published], cancellation).ConfigureAwait(false);
                var payload = new PayloadEncoder(ReceivedModel.Whole, definition.Layout).Encode(GlobalModel.WeightsOf(definition.Plan, definition.Layout, definition.Optimizer, published, memory), default);
                await WriteAsync(name, payload, cancellation).ConfigureAwait(false);
                length = payload.Length;
            }

            return [new DownloadPart(SegmentKind.Whole, 0, version, length, name)];
        }
        finally
        {
            modelTurn.Release();
        }
    }

    // A version's own payload cannot be made again later; where one is damaged, the whole model leads past it.
    async Task<CatchUp> SoundWayAsync(int? from, int capacity, CancellationToken cancellation)
    {
        var broadcast = model.Broadcasts[capacity];
        var way = broadcast.From(from);
        foreach (var segment in way.Segments.Where(segment => segment.Kind == SegmentKind.Version))
        {
            if (!sound.TryGetValue((segment.To, capacity), out bool isSound))
                sound[(segment.To, capacity)] = isSound = await IsSoundAsync(segment, capacity, cancellation).ConfigureAwait(false);
            if (!isSound)
                return broadcast.From(null);
        }

        return way;
    }

    async Task<bool> IsSoundAsync(Segment segment, int capacity, CancellationToken cancellation)
    {
        string name = names.Version(segment.To, capacity);
        var bytes = new byte[segment.Length];
        bool isSound = await blobs.LengthAsync(name, cancellation).ConfigureAwait(false) == segment.Length
            && await blobs.ReadAsync(name, 0, bytes, cancellation).ConfigureAwait(false) == bytes.Length
            && XxHash64.HashToUInt64(bytes) == history.HashOf(segment.To, capacity);
        if (!isSound)
            LogPayloadDamaged(logger, definition.Name, segment.To);
        return isSound;
    }

    // The next round may close while what the last one left is still being cleared away.
    async Task ApplyAfterAsync(Task before)
    {
        await Task.Yield();
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ApplyAsync().ConfigureAwait(false);
    }

    async Task ApplyAsync()
    {
        try
        {
            var plan = State.Current;
            var contributions = Contributions();
            var payloads = await MakeVersionAsync(plan, contributions).ConfigureAwait(false);
            var measured = Measure(plan.Round);
            await PersistAsync(() => CommitAsync(plan, payloads, measured)).ConfigureAwait(false);
            if (State.HasEnded)
                await RetireAsync().ConfigureAwait(false);
            await ClearAsync(plan.Round).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (closing.IsCancellationRequested)
        {
        }
        catch (Exception problem)
        {
            // Nobody awaits this; the next start finds the round where it stood.
            LogNotApplied(logger, definition.Name, State.Current.Round, problem);
            Fault(problem);
        }
    }

    async Task<IReadOnlyList<byte[]>> MakeVersionAsync(RoundPlan plan, WeightedUpdate[] contributions)
    {
        var sum = await PersistAsync(() => aggregator.SumAsync(contributions, plan, closing.Token)).ConfigureAwait(false);
        await modelTurn.WaitAsync(closing.Token).ConfigureAwait(false);
        try
        {
            var (exact, memory) = await PersistAsync(() => ReadCheckpointAsync(names.Checkpoint(plan.Round - 1), head.Checkpoint, published: null, closing.Token)).ConfigureAwait(false);
            model.Wake(exact, memory);
            return model.Apply(sum, WeightsOf(contributions), contributions.Length, head.NoiseSecret);
        }
        finally
        {
            modelTurn.Release();
        }
    }

    double[] WeightsOf(WeightedUpdate[] contributions) => definition.Plan.WeightsByCapacity(contributions.Select(update => KeyValuePair.Create(update.Update.Client, update.Weight)));

    Evaluation? Measure(int round) => definition.Evaluator is null || definition.Plan.Method.IsPersonal || !books.IsMeasured(round) ? null : definition.Evaluator.Evaluate(model.Weights, closing.Token);

    // All of a version's bytes are durable before the ledger's head, one write, makes it the version.
    async Task<bool> CommitAsync(RoundPlan plan, IReadOnlyList<byte[]> payloads, Evaluation? measured)
    {
        int version = plan.Round;
        for (int capacity = 0; capacity < payloads.Count; capacity++)
            await WriteAsync(names.Version(version, capacity), payloads[capacity], closing.Token).ConfigureAwait(false);
        CrashPoint.Pass("version-stored");
        string checkpoint = await ModelCheckpoint.WriteAsync(blobs, names.Checkpoint(version), model, closing.Token).ConfigureAwait(false);
        CrashPoint.Pass("checkpoint-stored");
        await turn.WaitAsync(closing.Token).ConfigureAwait(false);
        try
        {
            var now = time.GetUtcNow();
            var entry = books.Consider(new ModelApplied(), now);
            long downlinkBytes = Interlocked.Read(ref downloaded);
            var opened = books.Opened;
            var record = books.Figures(measured, downlinkBytes, (now - opened).TotalSeconds);
            var committed = head with { Version = version, Checkpoint = checkpoint, Parent = head.Checkpoint, UsualNorm = plan.UsualNorm, State = KeptState.Of(entry.After) };
            PayloadMark[] marks = [.. payloads.Select(PayloadMark.Of)];
            var kept = new VersionRecord(marks[0].Length, marks[0].Hash, record, new Dictionary<int, string>(entered), SettledIn(plan.Round)) { Smaller = marks.Length > 1 ? marks[1..] : null };
            await ledger.CommitAsync(definition.Id, epoch, version, committed.ToBytes(), [.. unrecorded, kept.ToBytes()], CancellationToken.None).ConfigureAwait(false);
            CrashPoint.Pass("committed");
            (head, position) = (committed, 0);
            books.Enter(entry);
            history.Add(kept);
            unrecorded = [];
            entered.Clear();
            model.Rest();
            Interlocked.Add(ref downloaded, -downlinkBytes);
            for (int capacity = 0; capacity < marks.Length; capacity++)
                sound[(version, capacity)] = true;
            Forget(plan.Round);
            metrics.Committed(now - opened);
            ServerTraces.Round(definition.Name, record, opened, now);
            BeginRound(entry.Commands);
            LogCommitted(logger, definition.Name, version, record.Accepted, record.Accuracy);
            Publish();
            return true;
        }
        finally
        {
            turn.Release();
        }
    }

    SettledUpdate[] SettledIn(int round) =>
        [.. books.SettledIn(round).Select(settled => SettledUpdate.Of(arrivals[settled.Part], AnswerOf(settled)))];

    // Answers of the last round are kept; older ones are in the ledger's records.
    void Forget(int round)
    {
        foreach (var part in arrivals.Keys.Where(part => part.Round < round).ToList())
            arrivals.Remove(part);
    }

    // What no restart needs any more. The last round's updates and its parent's checkpoint stay: with them its version can be made
    // again. What somebody may be downloading at this moment stays for one more round.
    async Task ClearAsync(int round)
    {
        try
        {
            await blobs.DeleteAsync(names.Checkpoint(round - 2), closing.Token).ConfigureAwait(false);
            var old = (await blobs.ListAsync(names.Uploads(round - 1), closing.Token).ConfigureAwait(false)).Concat(await blobs.ListAsync(names.CatchUps(round - 2), closing.Token).ConfigureAwait(false));
            foreach (string name in old)
                await blobs.DeleteAsync(name, closing.Token).ConfigureAwait(false);
            for (; firstPayload < firstOfUse; firstPayload++)
            {
                for (int capacity = 0; capacity < model.Broadcasts.Count; capacity++)
                {
                    await blobs.DeleteAsync(names.Version(firstPayload, capacity), closing.Token).ConfigureAwait(false);
                    sound.TryRemove((firstPayload, capacity), out _);
                }
            }

            firstOfUse = FirstOfUse;
        }
        catch (IOException problem)
        {
            LogDelayed(logger, definition.Name, problem.Message);
        }
    }

    // The first version of which a payload may still be on some client's way.
    int FirstOfUse => model.Broadcasts.Min(broadcast => broadcast.FirstOfUse);

    async Task WriteAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        string partial = BlobNames.Partial(name);
        await blobs.AppendAsync(partial, 0, bytes, cancellation).ConfigureAwait(false);
        await blobs.MoveAsync(partial, name, cancellation).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Federation}: version {Version} is committed, made of {Updates} updates; accuracy {Accuracy}")]
    static partial void LogCommitted(ILogger logger, string federation, int version, int updates, double? accuracy);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Federation}: the payload of version {Version} is damaged; clients that need it take the whole model instead")]
    static partial void LogPayloadDamaged(ILogger logger, string federation, int version);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Federation}: round {Round} could not be applied")]
    static partial void LogNotApplied(ILogger logger, string federation, int round, Exception problem);
}
