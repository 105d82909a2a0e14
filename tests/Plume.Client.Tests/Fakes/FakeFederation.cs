using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Methods;
using Plume.Federation.Models;
using Plume.Federation.Rounds;
using Plume.Protocol;
using Plume.Protocol.V1;
using Segment = Plume.Protocol.V1.Segment;
using SegmentKind = Plume.Federation.Models.SegmentKind;

namespace Plume.Client.Tests.Fakes;

/// <summary>The server's side of plume.v1 for one client, in memory: each counted update makes the next version.</summary>
sealed class FakeFederation : Protocol.V1.Federation.FederationBase
{
    const int ChunkBytes = 1000;

    readonly Dictionary<(uint, uint, ByteString), MemoryStream> stored = [];
    readonly Dictionary<(uint, uint, ByteString), UploadReply> answers = [];
    RandomKey key;

    public FakeFederation() => Broadcast = Begin(1);

    public static ModelLayout Layout { get; } =
        ModelLayout.Of([("w", [40, 100], TensorRole.Weight), ("b", [40], TensorRole.Bias)]);

    public string Uplink { get; set; } = "feedback | topk(10%) | uniform(4) | rans";

    public string Downlink { get; init; } = "delta | deadzone(abs=0.00390625) | range";

    public byte[] Graph { get; set; } = [];

    /// <summary>What is sent at first instead of the graph.</summary>
    public Queue<byte[]> PackedGraphs { get; } = [];

    public int Rounds { get; set; } = 3;

    /// <summary>Most bytes of an update that it takes in one call with what comes next; 0 as a server of an earlier
    /// release.</summary>
    public uint WholeUpdate { get; init; }

    public uint LeftMs { get; set; } = 60_000;

    public byte[] Run { get; private set; } = [1];

    public uint Attempt { get; private set; } = 1;

    public Broadcast Broadcast { get; private set; }

    public Faults Faults { get; } = new();

    /// <summary>What clients share in a secure sum, whose trips it does not make.</summary>
    public SecureTask? Secure { get; init; }

    /// <summary>Who called.</summary>
    public string? Name { get; private set; }

    /// <summary>The certificate that was shown, by its serial number.</summary>
    public string? Certificate { get; private set; }

    /// <summary>What clients said, in order.</summary>
    public List<IMessage> Requests { get; } = [];

    /// <summary>The updates that count, decoded, by round.</summary>
    public Dictionary<uint, float[]> Counted { get; } = [];

    public IEnumerable<T> All<T>() where T : IMessage => Requests.OfType<T>();

    /// <summary>Another run under the same name.</summary>
    public void BeginAnew(byte run)
    {
        Run = [run];
        Attempt = 1;
        Broadcast = Begin(run);
        stored.Clear();
        answers.Clear();
        Counted.Clear();
    }

    public override Task<JoinReply> Join(JoinRequest request, ServerCallContext context)
    {
        Requests.Add(request);
        Certificate = context.GetHttpContext().Connection.ClientCertificate?.SerialNumber;
        Name = context.RequestHeaders.GetValue("plume-client");
        Faults.Meet(nameof(Join));
        return Task.FromResult(new JoinReply
        {
            Number = 0,
            Run = ByteString.CopyFrom(Run),
            Layout = { Layout.Tensors.Select(tensor =>
                new Tensor { Name = tensor.Name, Role = (uint)tensor.Role, Axis = (uint)tensor.Axis,
                    Shape = { tensor.Shape.Select(size => (uint)size) } }) },
            Uplink = Uplink,
            Downlink = Downlink,
            BroadcastKey = DrawKeys.Downlink(key).Value,
            HasGraph = Graph.Length > 0,
            WholeUpdate = WholeUpdate,
        });
    }

    public override Task<NextTaskReply> NextTask(NextTaskRequest request, ServerCallContext context)
    {
        Requests.Add(request);
        Faults.Meet(nameof(NextTask));
        if (Faults.Answers.TryDequeue(out var answer))
            return Task.FromResult(answer);
        if (Broadcast.Version == Rounds)
            return Task.FromResult(new NextTaskReply
            {
                Ended =
                new Ended { Finished = true, Message = "done", ModelVersion = (uint)Rounds }
            });
        return Task.FromResult(new NextTaskReply { Task = TaskOf(Broadcast.Version + 1) });
    }

    public override async Task Download(DownloadRequest request, IServerStreamWriter<DownloadReply> responseStream,
        ServerCallContext context)
    {
        Requests.Add(request);
        Faults.Meet(nameof(Download));
        if (!request.Graph && request.ToVersion != Broadcast.Version)
            throw new RpcException(new Status(StatusCode.FailedPrecondition, "not the newest"));
        var (header, bytes) = request.Graph ? OfGraph() : OfModel(request.HasFromVersion ? (int)request.FromVersion : null,
            request.TakesLevels);
        header.Offset = request.Sha256 == header.Sha256 ? request.Offset : 0;
        if (Faults.Headers.TryDequeue(out var other))
            header = other;
        await responseStream.WriteAsync(new DownloadReply { Header = header });
        int end = Faults.DownloadCuts.TryDequeue(out int cut) ? cut : int.MaxValue;
        if (Faults.DamagedDownloads > 0)
        {
            Faults.DamagedDownloads--;
            bytes[bytes.Length / 2] ^= 4;
        }

        foreach (var chunk in bytes.Skip((int)header.Offset).Chunk(ChunkBytes))
        {
            end -= chunk.Length;
            await responseStream.WriteAsync(
                new DownloadReply { Chunk = ByteString.CopyFrom(end < 0 ? chunk[..(chunk.Length + end)] : chunk) });
            if (end < 0)
                throw Cut(context);
        }
    }

    public override async Task<UploadReply> Upload(IAsyncStreamReader<UploadRequest> requestStream, ServerCallContext context)
    {
        Assert.True(await requestStream.MoveNext());
        var header = requestStream.Current.Header;
        Requests.Add(header);
        Faults.Meet(nameof(Upload));
        var name = (header.Round, header.Attempt, header.Sha256);
        if (answers.TryGetValue(name, out var known))
            return known;
        if (Faults.Refusals.TryDequeue(out var refusal))
            return Answer(name, refusal);
        var bytes = stored.TryGetValue(name, out var begun) ? begun : stored[name] = new MemoryStream();
        if (header.Offset > (ulong)bytes.Length)
            throw new RpcException(new Status(StatusCode.OutOfRange, "not so far"));
        bytes.SetLength((long)header.Offset);
        bytes.Position = bytes.Length;
        long end = Faults.UploadCuts.TryDequeue(out int cut) ? bytes.Length + cut : long.MaxValue;
        while (await requestStream.MoveNext())
        {
            var chunk = requestStream.Current.Chunk.Span;
            bytes.Write(chunk[..(int)Math.Min(chunk.Length, end - bytes.Length)]);
            if (bytes.Length == end)
                throw Cut(context);
        }

        return Settle(name, header, bytes.ToArray(), context);
    }

    public override async Task Turn(TurnRequest request, IServerStreamWriter<TurnReply> responseStream, ServerCallContext context)
    {
        Requests.Add(request);
        Faults.Meet(nameof(Turn));
        if (request.Update is { } update)
        {
            Assert.Equal(WholeUpdateCheck.Of(update), update.Check);
            Assert.InRange((uint)update.Payload.Length, 1u, WholeUpdate);
            await responseStream.WriteAsync(new TurnReply { Receipt = await Upload(new WholeStream(update), context) });
        }

        var next = await NextTask(new NextTaskRequest(), context);
        await responseStream.WriteAsync(new TurnReply { Next = next });
        if (next.Task is not { } task || request.HasDownload
            || (request.HasFromVersion && request.FromVersion == task.ModelVersion))
            return;
        var wanted = new DownloadRequest { ToVersion = task.ModelVersion, TakesLevels = request.TakesLevels };
        if (request.HasFromVersion)
            wanted.FromVersion = request.FromVersion;
        await Download(wanted, new TurnStream(responseStream), context);
    }

    public override Task<UploadProgressReply> UploadProgress(UploadProgressRequest request, ServerCallContext context)
    {
        Requests.Add(request);
        Faults.Meet(nameof(UploadProgress));
        return Task.FromResult(new UploadProgressReply
        {
            Offset =
            stored.TryGetValue((request.Round, request.Attempt, request.Sha256), out var begun) ? (ulong)begun.Length : 0
        });
    }

    public override Task<ReportReply> Report(ReportRequest request, ServerCallContext context)
    {
        Requests.Add(request);
        Faults.Meet(nameof(Report));
        Attempt++;
        return Task.FromResult(new ReportReply());
    }

    public RoundTask TaskOf(int round) => new()
    {
        Round = (uint)round,
        Attempt = Attempt,
        ModelVersion = (uint)Broadcast.Version,
        Key = TaskKey(round, (int)Attempt).Value,
        LeftMs = LeftMs,
        Objective = new LocalObjective { Epochs = 1, BatchSize = 8, LearningRate = 0.1 },
        Secure = Secure,
    };

    UploadReply Settle((uint Round, uint Attempt, ByteString Sha256) name, UploadHeader header, byte[] payload,
        ServerCallContext context)
    {
        if (Faults.DamagedUploads > 0)
        {
            Faults.DamagedUploads--;
            stored.Remove(name);
            throw new RpcException(new Status(StatusCode.DataLoss, "another hash"));
        }

        Assert.Equal(header.Length, (ulong)payload.Length);
        Assert.Equal(header.Sha256.ToByteArray(), SHA256.HashData(payload));
        Assert.False(Counted.ContainsKey(header.Round), "A round counts one update of a client.");
        var update = new float[Layout.Length];
        new PayloadDecoder(Codec.Parse(Uplink), Layout)
            .Decode(payload, update, DrawKeys.Update(TaskKey((int)header.Round, (int)header.Attempt)));
        Counted[header.Round] = update;
        var next = Broadcast.Published.ToArray();
        for (int i = 0; i < next.Length; i++)
            next[i] += update[i];
        Broadcast.Publish(next);
        Attempt = 1;
        var reply = Answer(name, new UploadReply { Outcome = UploadReply.Types.Outcome.Counted });
        if (Faults.LostAnswers == 0)
            return reply;
        Faults.LostAnswers--;
        throw Cut(context);
    }

    UploadReply Answer((uint, uint, ByteString) name, UploadReply reply)
    {
        answers[name] = reply;
        if (reply.Outcome == UploadReply.Types.Outcome.Refused)
            Attempt++;
        return reply;
    }

    RandomKey TaskKey(int round, int attempt) => DrawKeys.Task(key, new RoundPart(round, attempt, 0));

    Broadcast Begin(byte run)
    {
        key = RandomKey.FromSeed(run);
        var first = new float[Layout.Length];
        var draws = new RandomDraws(key.Fold("first"));
        foreach (ref float value in first.AsSpan())
            value = (float)draws.NextNormal();
        return new Broadcast(new Averaging().Published(Layout, Codec.Parse(Downlink)), first, key, 1, 1 << 20);
    }

    (DownloadHeader, byte[]) OfModel(int? from, bool takesLevels)
    {
        var (parts, payloads) = (Broadcast.From(from, takesLevels).Segments, Broadcast.Keep().Payloads);
        byte[] bytes = [.. parts.SelectMany(part =>
            (part.Kind == SegmentKind.Version ? payloads[part.To - 1 - (Broadcast.Version - payloads.Count)] : part.Payload)
                .ToArray())];
        return (new DownloadHeader
        {
            Sha256 = ByteString.CopyFrom(SHA256.HashData(bytes)),
            Segments = { parts.Select(part =>
                new Segment { Kind = (Segment.Types.Kind)part.Kind, From = (uint)part.From, To = (uint)part.To,
                    Length = (ulong)part.Length }) },
        }, bytes);
    }

    (DownloadHeader, byte[]) OfGraph()
    {
        byte[] packed = PackedGraphs.TryDequeue(out byte[]? other) ? other : PackedGraph.Pack(Graph);
        var segment = new Segment { Kind = Segment.Types.Kind.Graph, Length = (ulong)packed.Length };
        return (new DownloadHeader { Sha256 = ByteString.CopyFrom(SHA256.HashData(packed)), Segments = { segment } }, packed);
    }

    RpcException Cut(ServerCallContext context)
    {
        if (Faults.CutsConnections)
            context.GetHttpContext().Abort();
        return new RpcException(new Status(StatusCode.Unavailable, "cut"));
    }
}
