using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.EndToEnd.Host;
using Plume.Federation.Learners;
using Plume.Federation.Models;
using Plume.Federation.Notation;
using Plume.Federation.Participation;
using Plume.Protocol.V1;

namespace Plume.EndToEnd.Tests.Processes;

/// <summary>An update as it is said to be.</summary>
sealed record HandUpdate(int Round, int Attempt, int Version, int Samples, byte[] Payload)
{
    /// <summary>Another one that says the same of itself.</summary>
    public HandUpdate Altered() => this with { Payload = [.. Payload[..^1], (byte)(Payload[^1] ^ 1)] };
}

/// <summary>A client whose calls a test makes one by one.</summary>
sealed class HandClient(Trial trial, int number) : IDisposable
{
    readonly GrpcChannel channel = GrpcChannel.ForAddress(trial.Network.Address);
    readonly History history = trial.NewHistory();
    readonly Metadata name = new() { { "plume-client", $"client-{number}" } };
    float[]? memory;
    RandomKey broadcast;
    uint done;

    Plume.Protocol.V1.Federation.FederationClient Calls => new(channel);

    public async Task JoinAsync() =>
        broadcast = new RandomKey(
            (await Calls.JoinAsync(new JoinRequest { Federation = ToyPlan.Federation, Protocol = 1, Number = (uint)number },
                name)).BroadcastKey);

    /// <summary>
    /// Waits for a task that it did not do yet, takes the model, and does it. What it makes is to be sent, and to count: it is
    /// remembered as if it did.
    /// </summary>
    public async Task<HandUpdate> MakeAsync()
    {
        var task = (await NextAsync(reply => reply.Task is not null)).Task;
        done = task.Round;
        var model = await DownloadAsync((int)task.ModelVersion);
        var (learner, method, uplink) =
            (new ToyLearner(ToyPlan.LayoutOf(trial.Plan.Values), TimeSpan.Zero), MethodNotation.Parse(trial.Plan.Training),
                Codec.Parse(trial.Plan.Uplink));
        var participant = new Participant(learner, method, uplink);
        var update = participant.Run(
            new LocalTask((int)task.Round, number, model, new Plume.Federation.Learners.LocalObjective(1, 8, 0.1),
                new RandomKey(task.Key)), memory ??= new float[Participant.MemoryLength(learner, method, uplink)], default);
        return new HandUpdate((int)task.Round, (int)task.Attempt, (int)task.ModelVersion, update.Outcome.Samples, update.Payload);
    }

    /// <summary>Sends an update in one piece.</summary>
    public async Task<UploadReply> SendAsync(HandUpdate update)
    {
        byte[] sha256 = SHA256.HashData(update.Payload);
        var line = new HistoryLine(HistoryLine.Sent, number, update.Round, update.Attempt, Convert.ToHexStringLower(sha256));
        history.Add(line);
        using var call = Calls.Upload(name);
        await call.RequestStream.WriteAsync(new UploadRequest
        {
            Header = new UploadHeader
            {
                Federation = ToyPlan.Federation,
                Round = (uint)update.Round,
                Attempt = (uint)update.Attempt,
                ModelVersion = (uint)update.Version,
                Samples = (uint)update.Samples,
                Loss = 1.0 / update.Round,
                Length = (ulong)update.Payload.Length,
                Sha256 = ByteString.CopyFrom(sha256),
            },
        });
        try
        {
            await call.RequestStream.WriteAsync(new UploadRequest { Chunk = ByteString.CopyFrom(update.Payload) });
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception answered) when (answered is RpcException or InvalidOperationException)
        {
            // Before it has read everything; the answer follows.
        }

        var reply = await call;
        history.Add(line with
        {
            What = reply.Outcome == UploadReply.Types.Outcome.Counted ? HistoryLine.Counted
            : HistoryLine.Refused,
            Rule = reply.Rule
        });
        return reply;
    }

    /// <summary>The same; null where the server would not take it now.</summary>
    public async Task<UploadReply?> TrySendAsync(HandUpdate update)
    {
        try
        {
            return await SendAsync(update);
        }
        catch (RpcException busy) when (busy.StatusCode == StatusCode.Aborted)
        {
            return null;
        }
    }

    /// <summary>Waits until the federation has finished.</summary>
    public Task StayToTheEndAsync() => NextAsync(reply => reply.Ended is not null);

    public void Dispose()
    {
        history.Dispose();
        channel.Dispose();
    }

    async Task<NextTaskReply> NextAsync(Predicate<NextTaskReply> wanted)
    {
        while (true)
        {
            var reply = await Calls.NextTaskAsync(
                new NextTaskRequest { Federation = ToyPlan.Federation, WaitMs = 1000, SettledRound = done, SettledAttempt = 1 },
                name);
            if (wanted(reply))
                return reply;
        }
    }

    async Task<ReadOnlyMemory<float>> DownloadAsync(int version)
    {
        var model = new ReceivedModel(MethodNotation.Parse(trial.Plan.Training)
            .Published(ToyPlan.LayoutOf(trial.Plan.Values), Codec.Parse(trial.Plan.Downlink)), broadcast);
        using var call = Calls.Download(new DownloadRequest { Federation = ToyPlan.Federation, ToVersion = (uint)version }, name);
        Assert.True(await call.ResponseStream.MoveNext(default));
        var whole = Assert.Single(call.ResponseStream.Current.Header.Segments);
        using var bytes = new MemoryStream();
        while (await call.ResponseStream.MoveNext(default))
            bytes.Write(call.ResponseStream.Current.Chunk.Span);
        model.Apply((Plume.Federation.Models.SegmentKind)whole.Kind, (int)whole.From, (int)whole.To, bytes.ToArray());
        return model.Values;
    }
}
