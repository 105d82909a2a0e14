using Grpc.Core;
using Microsoft.Extensions.Logging;
using Plume.Client.Calls;
using Plume.Client.State;
using Plume.Client.Transfers;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;
using Plume.Federation.Learners;
using Plume.Federation.Models;
using Plume.Federation.Participation;
using Plume.Protocol.V1;
using LocalObjective = Plume.Federation.Learners.LocalObjective;

namespace Plume.Client.Rounds;

/// <summary>A client's part in one run of a federation.</summary>
sealed partial class Participation : IDisposable
{
    /// <summary>
    /// Where a server answers at once that there is nothing, or what is settled already, this is waited all the same.
    /// </summary>
    static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);

    readonly ClientOptions options;
    readonly FederationTerms terms;
    readonly ServerConnection connection;
    readonly ClientFolder folder;
    readonly Action<ClientStage, int, string> tell;
    readonly LocalTraining training;
    readonly LocalModel model;
    readonly Uploads uploads;
    readonly SumTrips trips;
    readonly Turns turns;
    SecurePart? part;
    Settlement settled;
    KeptUpdate? pending;
    ReportRequest? report;
    bool isFresh;

    Participation(ClientOptions options, FederationTerms terms, ILearner learner, ServerConnection connection,
        ClientFolder folder, Downloads downloads, TransferCount count, Action moved, Action<ClientStage, int, string> tell)
    {
        (this.options, this.terms, this.connection, this.folder, this.tell) = (options, terms, connection, folder, tell);
        training = new LocalTraining(learner, terms, options);
        model = new LocalModel(terms, folder, downloads);
        uploads = new Uploads(options, connection, count, moved);
        trips = new SumTrips(options, connection, count);
        turns = new Turns(options, connection, count);
        int memory = Participant.MemoryLength(learner, terms.Method, terms.Uplink);
        settled = folder.ReadSettled(memory);
        pending = folder.ReadPending(memory);
    }

    /// <summary>Makes the learner and takes up what was kept.</summary>
    public static async Task<Participation> BeginAsync(ClientOptions options, FederationTerms terms, bool hasGraph,
        Func<FederationTerms, ILearner> makeLearner, ServerConnection connection, ClientFolder folder, TransferCount count,
        Action moved, Action<ClientStage, int, string> tell, CancellationToken cancellation)
    {
        if (!terms.Uplink.IsSecure)
            CheckNoise(options, null, $"its uplink '{terms.Uplink}' adds up nothing in secret");
        var downloads = new Downloads(options, connection, folder, count, moved);
        try
        {
            if (options.NeedsGraph)
                terms = terms.WithGraph(await GraphAsync(terms, hasGraph, folder, downloads, cancellation).ConfigureAwait(false));
            var learner = Make(makeLearner, terms);
            if (!learner.Layout.Equals(terms.Layout))
            {
                throw new FederationException(
                    $"The learner's model must have the tensors of the federation '{terms.Federation}', "
                        + $"{Summary(terms.Layout)}, but has {Summary(learner.Layout)}. Make the learner of the terms, or of "
                        + $"the same model.");
            }

            if (Participant.Misfit(learner, terms.Method, terms.Teaching) is { } misfit)
                throw new FederationException($"The federation '{terms.Federation}' {misfit}");
            return new Participation(options, terms, learner, connection, folder, downloads, count, moved, tell);
        }
        catch
        {
            downloads.Dispose();
            throw;
        }
    }

    /// <summary>Does one thing: sends what is on its way, reports what went wrong, or asks for work and does it.</summary>
    /// <returns>How the federation ended; null where it goes on.</returns>
    public async Task<JoinResult?> StepAsync(CancellationToken cancellation)
    {
        if (pending is not null && terms.Uplink.IsSecure)
            return await AddAsync(pending, cancellation).ConfigureAwait(false);
        if (pending is not null && turns.Take(pending))
            return await TurnAsync(pending, cancellation).ConfigureAwait(false);
        if (pending is not null)
            await SendAsync(pending, cancellation).ConfigureAwait(false);
        else if (report is not null)
            await ReportAsync(report, cancellation).ConfigureAwait(false);
        else
            return await AskAsync(cancellation).ConfigureAwait(false);
        return null;
    }

    public void Dispose()
    {
        part?.Dispose();
        model.Dispose();
    }

    // A file that it misses, say, is not a trouble of the network that passes.
    static ILearner Make(Func<FederationTerms, ILearner> makeLearner, FederationTerms terms)
    {
        try
        {
            return makeLearner(terms);
        }
        catch (Exception failure) when (failure is not FederationException)
        {
            throw new FederationException(
                $"The learner could not be made of the terms of the federation '{terms.Federation}'. {failure.Message}", failure);
        }
    }

    static string Summary(Compression.Weights.ModelLayout layout) =>
        $"{layout.Length} values in {layout.Tensors.Count} tensors "
            + $"({string.Join(", ", layout.Tensors.Take(3))}{(layout.Tensors.Count > 3 ? ", ..." : "")})";

    static async Task<ReadOnlyMemory<byte>> GraphAsync(FederationTerms terms, bool hasGraph, ClientFolder folder,
        Downloads downloads, CancellationToken cancellation)
    {
        if (!hasGraph)
            throw new FederationException(
                $"The learner needs the graph of the federation '{terms.Federation}', which has none. Bring a learner of your "
                    + $"own.");
        if (folder.ReadGraph() is { } kept)
            return kept;
        var (_, bytes) = await downloads.GetAsync(DownloadTarget.Graph, terms.GraphValues, turn: null, cancellation)
            .ConfigureAwait(false)
            ?? throw new FederationException(
                $"The server has no graph of the federation '{terms.Federation}' any more. Bring a learner of your own.");
        byte[] graph = PackedGraph.Unpack(bytes, Downloads.Limit(terms.GraphValues, isGraph: true));
        folder.WriteGraph(graph);
        return graph;
    }

    async Task<JoinResult?> AskAsync(CancellationToken cancellation)
    {
        if (turns.Largest > 0)
            return await TurnAsync(null, cancellation).ConfigureAwait(false);
        tell(ClientStage.Waiting, 0, "");
        var reply = await NextTaskAsync(cancellation).ConfigureAwait(false);
        return await FollowAsync(reply, turn: null, cancellation).ConfigureAwait(false);
    }

    async Task<JoinResult?> FollowAsync(NextTaskReply reply, Turn? turn, CancellationToken cancellation)
    {
        long since = options.Time.GetTimestamp();
        switch (reply.WhatCase)
        {
            case NextTaskReply.WhatOneofCase.Ended:
                return await EndAsync(reply.Ended, cancellation).ConfigureAwait(false);
            case NextTaskReply.WhatOneofCase.Task when (int)reply.Task.Round != settled.Round
                || (int)reply.Task.Attempt != settled.Attempt:
                await WorkAsync(reply.Task, since, turn, cancellation).ConfigureAwait(false);
                return null;
            default:
                await PauseAsync(TimeSpan.FromMilliseconds(reply.ComeBack?.AfterMs ?? 0), cancellation).ConfigureAwait(false);
                return null;
        }
    }

    async Task<NextTaskReply> NextTaskAsync(CancellationToken cancellation)
    {
        using var guard = new StallGuard(options.LongestHold + options.Patience, options.Time, cancellation);
        var request = new NextTaskRequest
        {
            Federation = options.Federation,
            WaitMs = (uint)options.LongestHold.TotalMilliseconds,
            SettledRound = (uint)settled.Round,
            SettledAttempt = (uint)settled.Attempt,
        };
        var reply = await connection.Calls.NextTaskAsync(request, connection.Asking(guard.Token)).ConfigureAwait(false);
        connection.Introduces = reply.Introduce;
        return reply;
    }

    // Up to half as long again, so that clients that were sent away together do not come back together.
    Task PauseAsync(TimeSpan asked, CancellationToken cancellation)
    {
        var least = asked > ShortestPause ? asked : ShortestPause;
        return Task.Delay(least * (1 + 0.5 * options.Jitter.NextDouble()), options.Time, cancellation);
    }

    async Task WorkAsync(RoundTask task, long since, Turn? turn, CancellationToken cancellation)
    {
        var (round, attempt, version) =
            (task.Round.Checked("round"), task.Attempt.Checked("attempt"), task.ModelVersion.Checked("model version"));
        var objective = ObjectiveOf(task.Objective
            ?? throw new InvalidPayloadException("The server sent a task without an objective.")) with
        {
            Teaching = terms.Teaching,
        };
        tell(ClientStage.Downloading, round, "");
        if (!await model.BringToAsync(version, turn, cancellation).ConfigureAwait(false))
        {
            // The round is over; the next answer is of another.
            await PauseAsync(default, cancellation).ConfigureAwait(false);
            return;
        }

        if (turn is not null)
            await turn.EndAsync().ConfigureAwait(false);
        var secure = terms.Uplink.IsSecure ? SecureRoundOf(task, objective) : null;
        if (pending is not null)
        {
            // It was made before; its secrets were lost.
            if (secure is not null && (pending.Round, pending.Attempt) == (round, attempt))
                Begin(secure, pending);
            return;
        }

        tell(ClientStage.Training, round, "");
        var left = TimeSpan.FromMilliseconds(Math.Min(task.LeftMs, int.MaxValue)) - options.Time.GetElapsedTime(since);
        var local = new LocalTask(round, terms.Number, model.Values, objective, new RandomKey(task.Key))
        {
            Clip = task.Clip > 0 ? task.Clip : null,
            Step = task.Step > 0 ? task.Step : null,
            MostBytes = task.MostBytes > 0 ? (long)Math.Min(task.MostBytes, long.MaxValue) : null,
        };
        var (update, problem, cause) = await training.RunAsync(local, attempt, version, settled.Memory, left, secure,
            cancellation).ConfigureAwait(false);
        if (update is null)
        {
            GiveUp(round, attempt, problem!, cause);
            return;
        }

        folder.WritePending(update);
        (pending, isFresh) = (update, true);
        if (secure is not null)
            Begin(secure, update);
    }

    void GiveUp(int round, int attempt, string problem, Exception? cause)
    {
        LogFailed(options.Logger, options.Name, round, problem, cause);
        tell(ClientStage.Failed, round, problem);
        Settle(round, attempt);
        report = new ReportRequest
        {
            Federation = options.Federation,
            Round = (uint)round,
            Attempt = (uint)attempt,
            Problem = problem,
        };
    }

    async Task SendAsync(KeptUpdate update, CancellationToken cancellation)
    {
        tell(ClientStage.Uploading, update.Round, "");
        Settle(update, await ReplyAsync(update, uploads.SendAsync(update, isFresh, cancellation)).ConfigureAwait(false));
    }

    // What was wrong with it is the server's to know, too.
    async Task<UploadReply> ReplyAsync(KeptUpdate update, Task<UploadReply> answering)
    {
        try
        {
            return await answering.ConfigureAwait(false);
        }
        catch (RpcException refusal) when (refusal.StatusCode == StatusCode.InvalidArgument)
        {
            report = new ReportRequest
            {
                Federation = options.Federation,
                Round = (uint)update.Round,
                Attempt = (uint)update.Attempt,
                Problem = refusal.Status.Detail,
            };
            return new UploadReply
            {
                Outcome = UploadReply.Types.Outcome.Refused,
                Rule = nameof(StatusCode.InvalidArgument),
                Message = refusal.Status.Detail,
            };
        }
    }

    void Settle(KeptUpdate update, UploadReply reply)
    {
        switch (reply.Outcome)
        {
            case UploadReply.Types.Outcome.Counted:
                Count(update, reply.Message);
                break;
            case UploadReply.Types.Outcome.Refused:
                Refuse(update, reply.Rule, reply.Message);
                break;
            default:
                throw new IOException($"The server answered an upload with outcome {reply.Outcome}, which this release does "
                    + $"not know.");
        }
    }

    void Count(KeptUpdate update, string message)
    {
        folder.Commit(update);
        settled = new Settlement(update.Round, update.Attempt, update.Memory);
        (pending, isFresh) = (null, false);
        tell(ClientStage.Counted, update.Round, message);
    }

    void Refuse(KeptUpdate update, string rule, string message)
    {
        Settle(update.Round, update.Attempt);
        LogRefused(options.Logger, options.Name, update.Round, rule, message);
        tell(ClientStage.Refused, update.Round, $"{rule}: {message}");
    }

    // What the update left behind goes with it: the memory is that of the last one that counts.
    void Settle(int round, int attempt)
    {
        var next = new Settlement(round, attempt, settled.Memory);
        folder.Settle(next);
        settled = next;
        (pending, isFresh) = (null, false);
    }

    async Task ReportAsync(ReportRequest request, CancellationToken cancellation)
    {
        using var guard = new StallGuard(options.Patience, options.Time, cancellation);
        await connection.Calls.ReportAsync(request, connection.With(guard.Token)).ConfigureAwait(false);
        report = null;
    }

    // The last version is worth a few tries: a server that has finished may be about to go.
    async Task<JoinResult> EndAsync(Ended ended, CancellationToken cancellation)
    {
        const int most = 4;
        int last = ended.ModelVersion.Checked("model version");
        var backoff = new Backoff(options);
        for (int tries = 1; !await TryBringToAsync(last, cancellation).ConfigureAwait(false) && tries < most; tries++)
            await Task.Delay(backoff.Next(), options.Time, cancellation).ConfigureAwait(false);
        tell(ClientStage.Ended, 0, ended.Message);
        return new JoinResult(ended.Finished, ended.Message, last, model.Version, model.Version is null ? default : OwnModel());
    }

    ReadOnlyMemory<float> OwnModel()
    {
        int residual = terms.Method.Answer(terms.Layout, terms.Uplink).MemoryLength;
        return terms.Method.ModelOf(terms.Layout, model.Values,
            settled.Memory.AsSpan(residual, terms.Method.ClientMemoryLength(terms.Layout)));
    }

    async Task<bool> TryBringToAsync(int version, CancellationToken cancellation)
    {
        try
        {
            return await model.BringToAsync(version, turn: null, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (CallFailure.Passes(failure) && !cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    static LocalObjective ObjectiveOf(Protocol.V1.LocalObjective objective) => new(
        objective.Epochs.Checked("epochs"),
        objective.BatchSize.Checked("batch size"),
        objective.LearningRate,
        objective.Optimizer == 1 ? LocalOptimizer.Adam : LocalOptimizer.Sgd,
        objective.Momentum,
        objective.WeightDecay,
        objective.Proximal)
    {
        BalancesClasses = objective.BalancesClasses,
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Client} could not do its task of round {Round}: {Problem}")]
    static partial void LogFailed(ILogger logger, string client, int round, string problem, Exception? cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Client}: the update of round {Round} does not count ({Rule}). {Reason}")]
    static partial void LogRefused(ILogger logger, string client, int round, string rule, string reason);
}
