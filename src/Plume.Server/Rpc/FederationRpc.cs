using Google.Protobuf;
using Grpc.Core;
using Plume.Federation.Capacities;
using Plume.Federation.Methods;
using Plume.Federation.Rounds;
using Plume.Federation.SecureSums;
using Plume.Protocol.V1;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.News;
using Plume.Server.Federations.Secure;
using Plume.Server.Identity;
using Plume.Server.Identity.Admission;
using Plume.Server.Rpc.Turns;
using LocalOptimizer = Plume.Federation.Learners.LocalOptimizer;

namespace Plume.Server.Rpc;

/// <summary>plume.v1.Federation: what a client does in a federation. Any server of a cluster answers any client.</summary>
sealed class FederationRpc(FederationFeeds feeds, UploadReceiver uploads, DownloadSender downloads, SumTrips trips,
    ServerLimits limits, TimeProvider time) : Protocol.V1.Federation.FederationBase
{
    /// <summary>The protocol's minor versions that this server speaks.</summary>
    public const uint OldestProtocol = 1, NewestProtocol = 9;

    // Since then a client knows of methods; an older one would take what is published for the model.
    const uint FirstWithMethods = 2;

    // Since then it knows of teachers; an older one would learn from labels alone.
    const uint FirstWithTeachers = 3;

    // Since then it can add updates up in secret; an older one would send its own in clear.
    const uint FirstWithSums = 4;

    // Since then it can add its share of noise to them; an older one would add none.
    const uint FirstWithNoise = 5;

    // Since then it signs who is in a sum; an older one could not unmask one where keys are signed.
    const uint FirstWithConsistency = 6;

    // Since then it clips to what a round says, and says whether its update was within.
    const uint FirstWithClip = 7;

    // Since then it weighs samples by their class where it is told to; an older one would weigh all alike.
    const uint FirstWithClassWeights = 8;

    // Since then it keeps its update to what a budget leaves it; an older one would send what is refused.
    const uint FirstWithBudgets = 9;

    // What a client runs, in words.
    const string SoftwareHeader = "plume-software";

    static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(30);

    public override async Task<JoinReply> Join(JoinRequest request, ServerCallContext context)
    {
        var caller = context.GetCallerIn(request.Federation);
        if (request.Protocol is < OldestProtocol or > NewestProtocol)
            throw new RpcException(new Status(StatusCode.FailedPrecondition,
                $"This server speaks version {OldestProtocol} to {NewestProtocol} of plume.v1, but the client speaks "
                    + $"{request.Protocol}. Use a release of the same age on both ends."));
        var feed = feeds[request.Federation];
        if (feed.Definition.Plan.Method is not Averaging and var method && request.Protocol < FirstWithMethods)
            throw TooOld(request, method, FirstWithMethods);
        if (feed.Definition.Plan.Objective.Teaching is { } teaching && request.Protocol < FirstWithTeachers)
            throw TooOld(request, teaching, FirstWithTeachers);
        if (feed.Definition.SumsInSecret && request.Protocol < FirstWithSums)
            throw new RpcException(new Status(StatusCode.FailedPrecondition,
                $"The federation '{request.Federation}' adds updates up in secret, which clients can from version {FirstWithSums} "
                    + $"of plume.v1 on, but this one speaks {request.Protocol}. Use a newer release of the client."));
        if (feed.Definition.SumsInSecret && request.Protocol < FirstWithConsistency
            && context.GetHttpContext().Connection.ClientCertificate is not null)
            throw new RpcException(new Status(StatusCode.FailedPrecondition,
                $"In the federation '{request.Federation}' clients sign who is in a secure sum before they unmask it, which they can "
                    + $"from version {FirstWithConsistency} of plume.v1 on, but this one speaks {request.Protocol}. Use a newer release "
                    + $"of the client."));
        if (feed.Definition.Plan.Privacy is { IsAtClients: true } && request.Protocol < FirstWithNoise)
            throw new RpcException(new Status(StatusCode.FailedPrecondition,
                $"In the federation '{request.Federation}' clients add the noise of its privacy, which they can from version "
                    + $"{FirstWithNoise} of plume.v1 on, but this one speaks {request.Protocol}. Use a newer release of the client."));
        if (feed.Definition.Plan.Privacy is { Clip: not null } && request.Protocol < FirstWithClip)
            throw new RpcException(new Status(StatusCode.FailedPrecondition,
                $"In the federation '{request.Federation}' each round says what clients clip updates to, which they know from "
                    + $"version {FirstWithClip} of plume.v1 on, but this one speaks {request.Protocol}. Use a newer release of "
                    + "the client."));
        if (feed.Definition.Plan.Objective.BalancesClasses && request.Protocol < FirstWithClassWeights)
            throw new RpcException(new Status(StatusCode.FailedPrecondition,
                $"In the federation '{request.Federation}' clients weigh samples by their class, which they can from version "
                    + $"{FirstWithClassWeights} of plume.v1 on, but this one speaks {request.Protocol}. Use a newer release of the client."));
        if (feed.Definition.Plan.Budget is not null && request.Protocol < FirstWithBudgets)
            throw new RpcException(new Status(StatusCode.FailedPrecondition,
                $"In the federation '{request.Federation}' a budget bounds the bytes of updates, which clients know from version "
                    + $"{FirstWithBudgets} of plume.v1 on, but this one speaks {request.Protocol}. Use a newer release of the client."));
        var definition = feed.Definition;
        var place = await feed.Grain.JoinAsync(caller.Name, request.HasNumber ? (int)request.Number
            : null, capacity: CapacityFor(definition, request.Capacity));
        if (place.Problem is { } problem)
            throw new RpcException(new Status(StatusCode.InvalidArgument, problem));
        Introduce(feed, context);
        return new JoinReply
        {
            Number = (uint)place.Number,
            Run = ByteString.CopyFrom(Convert.FromHexString(place.Run)),
            Layout = { definition.LayoutOf(place.Number).Tensors.Select(tensor =>
                new Tensor { Name = tensor.Name, Role = (uint)tensor.Role, Axis = (uint)tensor.Axis,
                    Shape = { tensor.Shape.Select(size => (uint)size) } }) },
            Uplink = definition.Plan.Uplink.Text,
            Downlink = definition.Plan.Downlink.Text,
            BroadcastKey = DrawKeys.Downlink(definition.Key).Value,
            HasGraph = definition.Graph is not null,
            Method = definition.Plan.Method.ToString(),
            Constants = (ulong)definition.Constants.Bytes,
            Teaching = definition.Plan.Objective.Teaching?.ToString() ?? "",
            WholeUpdate = (uint)WholeUpload.Largest(limits),
        };
    }

    // The largest that is not above what the client can have; null for one that does not say.
    static int? CapacityFor(FederationDefinition definition, string asked)
    {
        if (asked.Length == 0)
            return null;
        if (Capacity.TryParse(asked) is not { } most)
            throw new RpcException(new Status(StatusCode.InvalidArgument,
                $"A capacity must be 1 or a fraction above 0 and below it, such as 1/4, but the client asks for '{asked}'."));
        var capacities = definition.Plan.Method.Capacities;
        int found = capacities.ToList().FindIndex(capacity => !most.IsBelow(capacity));
        return found >= 0
            ? found
            : throw new RpcException(
                new Status(StatusCode.InvalidArgument,
                    $"The federation '{definition.Name}' has clients of capacity {string.Join(", ", capacities)}, but the "
                        + $"client can have {most} at most: serve it with 'exchange' set to submodels of that capacity, too."));
    }

    public override async Task<NextTaskReply> NextTask(NextTaskRequest request, ServerCallContext context)
    {
        var (feed, client) = await PlaceOfAsync(request.Federation, context);
        return await NextAsync(feed, client, request, context);
    }

    async Task<NextTaskReply> NextAsync(FederationFeed feed, int client, NextTaskRequest request, ServerCallContext context)
    {
        bool isUnknown = !Introduce(feed, context);
        long? places = feed.Snapshot?.PlacesSince;
        using var held = feed.Hold(client);
        var hold = TimeSpan.FromMilliseconds(Math.Min(request.WaitMs, LongestHold.TotalMilliseconds));
        long began = time.GetTimestamp();
        while (true)
        {
            var snapshot = feed.Snapshot;
            // It may be another's by now.
            if (snapshot?.PlacesSince != places && (await PlaceOfAsync(request.Federation, context)).Client != client)
                throw Placeless(context.GetCallerIn(request.Federation).Name, request.Federation);
            places = snapshot?.PlacesSince;
            if (snapshot is not null && Answer(feed.Definition, snapshot, client, request) is { } answer)
            {
                if (answer.Task is { } task)
                    feed.Activities.Took(new RoundPart((int)task.Round, (int)task.Attempt, client));
                answer.Introduce = isUnknown;
                return answer;
            }

            var left = hold - time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
                return new NextTaskReply { ComeBack = new ComeBack { AfterMs = 0 }, Introduce = isUnknown };
            await feed.WaitAsync(snapshot, left, context.CancellationToken);
        }
    }

    public override async Task Download(DownloadRequest request, IServerStreamWriter<DownloadReply> responseStream,
        ServerCallContext context)
    {
        var (feed, client) = await PlaceOfAsync(request.Federation, context);
        feed.Heard(client);
        await downloads.SendAsync(feed, client, request, responseStream, context.CancellationToken,
            feed.Activities.TransfersOf(context.GetCaller().Name));
    }

    public override async Task<UploadReply> Upload(IAsyncStreamReader<UploadRequest> requestStream, ServerCallContext context)
    {
        var header = await uploads.HeaderAsync(requestStream, context.CancellationToken);
        var (feed, client) = await PlaceOfAsync(header.Federation, context);
        return await ReceiveAsync(feed, client, header, requestStream, context);
    }

    public override async Task Turn(TurnRequest request, IServerStreamWriter<TurnReply> responseStream, ServerCallContext context)
    {
        var (feed, client) = await PlaceOfAsync(request.Federation, context);
        var asks = new NextTaskRequest
        {
            Federation = request.Federation,
            WaitMs = request.WaitMs,
            SettledRound = request.Update?.Round ?? request.SettledRound,
            SettledAttempt = request.Update?.Attempt ?? request.SettledAttempt,
        };
        if (request.Update is { } update)
        {
            var whole = new WholeUpload(update);
            var receipt = await ReceiveAsync(feed, client, whole.Header(request.Federation), whole, context);
            await responseStream.WriteAsync(new TurnReply { Receipt = receipt }, context.CancellationToken);
        }

        var next = await NextAsync(feed, client, asks, context);
        await responseStream.WriteAsync(new TurnReply { Next = next }, context.CancellationToken);
        if (next.Task is not { } task || request.HasDownload
            || (request.HasFromVersion && request.FromVersion == task.ModelVersion))
            return;
        var wanted = new DownloadRequest
        {
            Federation = request.Federation,
            ToVersion = task.ModelVersion,
            TakesLevels = request.TakesLevels,
        };
        if (request.HasFromVersion && request.FromVersion < task.ModelVersion)
            wanted.FromVersion = request.FromVersion;
        await downloads.SendAsync(feed, client, wanted, new TurnDownloads(responseStream), context.CancellationToken,
            feed.Activities.TransfersOf(context.GetCaller().Name));
    }

    async Task<UploadReply> ReceiveAsync(FederationFeed feed, int client, UploadHeader header,
        IAsyncStreamReader<UploadRequest> chunks, ServerCallContext context)
    {
        feed.Heard(client);
        if (feed.Definition.SumsInSecret)
            throw new RpcException(new Status(StatusCode.InvalidArgument,
                $"The federation '{feed.Definition.Name}' adds updates up in secret and takes none by itself."));
        var outcome = await uploads.ReceiveAsync(feed, client, header, chunks,
            chunks is WholeUpload ? null : feed.Activities.TransfersOf(context.GetCaller().Name), context.CancellationToken);
        return new UploadReply
        {
            Outcome = outcome.IsCounted ? UploadReply.Types.Outcome.Counted : UploadReply.Types.Outcome.Refused,
            Rule = outcome.Rule,
            Message = outcome.Message,
        };
    }

    public override async Task<UploadProgressReply> UploadProgress(UploadProgressRequest request, ServerCallContext context)
    {
        var (feed, client) = await PlaceOfAsync(request.Federation, context);
        return new UploadProgressReply
        {
            Offset = (ulong)await uploads.ProgressAsync(feed, client, request, context.CancellationToken),
        };
    }

    public override async Task<ReportReply> Report(ReportRequest request, ServerCallContext context)
    {
        const int longest = 500;
        var (feed, client) = await PlaceOfAsync(request.Federation, context);
        string problem = request.Problem.Length > longest ? request.Problem[..longest] : request.Problem;
        await feed.Grain.ReportAsync(client, (int)request.Round, (int)request.Attempt, problem);
        return new ReportReply();
    }

    public override async Task<SumTripReply> SumTrip(IAsyncStreamReader<SumTripRequest> requestStream, ServerCallContext context)
    {
        var header = await trips.HeaderAsync(requestStream, context.CancellationToken);
        var (feed, client) = await PlaceOfAsync(header.Federation, context);
        return await trips.MakeAsync(feed, client, header, requestStream,
            context.GetHttpContext().Connection.ClientCertificate?.RawData, context.CancellationToken);
    }

    // Whether it is known what the caller runs: after a start of the server nobody has said yet.
    static bool Introduce(FederationFeed feed, ServerCallContext context)
    {
        string name = context.GetCaller().Name;
        feed.Activities.Runs(name, context.RequestHeaders.GetValue(SoftwareHeader) ?? "");
        return feed.Activities.SoftwareOf(name) is not null;
    }

    async ValueTask<(FederationFeed Feed, int Client)> PlaceOfAsync(string federation, ServerCallContext context)
    {
        var caller = context.GetCallerIn(federation);
        var feed = feeds[federation];
        return await feed.NumberOfAsync(caller.Name) is { } client
            ? (feed, client)
            : throw Placeless(caller.Name, federation);
    }

    static RpcException TooOld(JoinRequest request, object training, uint first) => new(new Status(StatusCode.FailedPrecondition,
        $"The federation '{request.Federation}' trains by '{training}', which clients know from version {first} of plume.v1 "
            + $"on, but this one speaks {request.Protocol}. Use a newer release of the client."));

    static RpcException Placeless(string name, string federation) =>
        new(new Status(StatusCode.FailedPrecondition,
            $"'{name}' has no place in the federation '{federation}', or has it no longer; join it first."));

    NextTaskReply? Answer(FederationDefinition definition, FederationSnapshot snapshot, int client, NextTaskRequest request)
    {
        if (snapshot.HasEnded)
            return new NextTaskReply
            {
                Ended = new Ended
                {
                    Finished = snapshot.Phase == Phase.Finished,
                    Message = snapshot.Message,
                    ModelVersion = (uint)snapshot.ModelVersion
                },
            };
        // Whose keys are not in the roster has no part in a secure sum any more.
        bool isOpen = snapshot.Sum is not { Trip: > SumPhase.Keys };
        if (snapshot.TaskOf(client) is not { } task || !isOpen
            || (request.SettledRound, request.SettledAttempt) == ((uint)task.Round, (uint)task.Attempt))
            return null;
        // Of a capacity of which fewer are asked nothing can be added up.
        var told = TaskOf(definition, snapshot, task);
        return told.Secure is { Participants.Count: < SumTerms.LeastMinimum } ? null : new NextTaskReply { Task = told };
    }

    RoundTask TaskOf(FederationDefinition definition, FederationSnapshot snapshot, PublishedTask task)
    {
        var objective = definition.Plan.ObjectiveIn(task.Round);
        var plan = new RoundPlan(snapshot.Round, snapshot.Attempt, snapshot.ModelVersion, snapshot.Participants,
            snapshot.Deadline)
        { UsualNorm = snapshot.UsualNorm, Spread = snapshot.Spread, Pressure = snapshot.Pressure };
        var left = snapshot.LeftBy(time, task);
        return new RoundTask
        {
            Secure = snapshot.Sum is { } sum
                ? SecureOf(Federation.SecureRounds.SecureTask.AllOf(definition.Plan, definition.Key,
                    plan with { Participants = sum.Participants }, sum.Step)
                    .First(group => group.Participants.Contains(task.Client)), sum) : null,
            Round = (uint)task.Round,
            Attempt = (uint)task.Attempt,
            // Where rounds are buffered maybe a later one than when the client was asked: the newest can be downloaded.
            ModelVersion = (uint)snapshot.ModelVersion,
            Key = DrawKeys.Task(definition.Key, task.Part).Value,
            LeftMs = (ulong)(snapshot.Sum is null ? left : SumDesk.LeftForKeys(left, definition.Plan.Deadline)).TotalMilliseconds,
            Clip = definition.Plan.ClipIn(plan) ?? 0,
            Step = definition.Plan.StepIn(plan) ?? 0,
            MostBytes = (ulong)(snapshot.LimitOf(task.Client)?.Upload ?? 0),
            Objective = new LocalObjective
            {
                Epochs = (uint)objective.Epochs,
                BatchSize = (uint)objective.BatchSize,
                LearningRate = objective.LearningRate,
                Optimizer = objective.Optimizer == LocalOptimizer.Adam ? 1u : 0u,
                Momentum = objective.Momentum,
                WeightDecay = objective.WeightDecay,
                Proximal = objective.Proximal,
                BalancesClasses = objective.BalancesClasses,
            },
        };
    }

    static SecureTask SecureOf(Federation.SecureRounds.SecureTask task, SumStanding sum) => new()
    {
        Session = (ulong)sum.Session,
        SharedKey = task.Shared.Value,
        Step = task.Step,
        Participants = { task.Participants.Select(client => (uint)client) },
        Quorum = (uint)task.Quorum,
        SampleCap = (uint)(task.SampleCap ?? 0),
        IsSigned = sum.IsSigned,
        Noise = task.Noise ?? 0,
    };
}
