using System.Diagnostics;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Federation.Rounds;
using Plume.Protocol.V1;

namespace Plume.Server.Bench;

/// <summary>
/// One round of many updates of one model, sent as fast as the server takes them: its memory, and how many bytes of 32-bit
/// floats the updates stand for in a second. Everything is in the time: the way through the network stack, hash, disk, decoding,
/// sum.
/// </summary>
static class Aggregation
{
    const int Senders = 4;
    const int ChunkBytes = 64 << 10;

    public static async Task RunAsync(int values, int updates, string uplink)
    {
        var plan = new BenchPlan(values, updates, 1, updates, uplink, "delta | uniform(8) | pack");
        string folder = Directory.CreateTempSubdirectory("plume-bench-").FullName;
        try
        {
            using var server = await ServerProcess.StartAsync(plan, folder);
            using var channel = GrpcChannel.ForAddress(server.Address);
            var calls = new Plume.Protocol.V1.Federation.FederationClient(channel);
            for (int client = 0; client < updates; client++)
                await calls.JoinAsync(new JoinRequest { Federation = BenchPlan.Federation, Protocol = 1, Number = (uint)client },
                    NameOf(client));
            var payloads = await EncodeAsync(plan, calls);
            SumAlone(plan, payloads);
            long before = server.Bytes;
            var (clock, processor) = (Stopwatch.StartNew(), server.ProcessorTime);
            await Parallel.ForEachAsync(Enumerable.Range(0, updates), new ParallelOptions { MaxDegreeOfParallelism = Senders },
                async (client, stop) => await SendAsync(calls, client, payloads[client]));
            long aggregated = server.PeakBytes;
            while ((await calls.NextTaskAsync(
                new NextTaskRequest { Federation = BenchPlan.Federation, WaitMs = 1000, SettledRound = 1, SettledAttempt = 1 },
                NameOf(0))).Ended is null)
            {
            }

            double seconds = clock.Elapsed.TotalSeconds, model = 4.0 * values;
            Console.WriteLine($"{updates} updates of {values:n0} values as '{uplink}' ({payloads[0].Length:n0} bytes each): "
                + $"{seconds:0.0} s, {updates * model / seconds / 1e9:0.00} GB/s of fp32 "
                + $"({payloads.Sum(payload => (double)payload.Length) / seconds / 1e6:0} MB/s of payloads), server's processor "
                + $"time {(server.ProcessorTime - processor).TotalSeconds:0.0} s");
            Console.WriteLine($"Server's memory: {before / 1e6:0} MB before, {aggregated / 1e6:0} MB at most until the last "
                + $"update was in, {server.PeakBytes / 1e6:0} MB until the version was made; a model is {model / 1e6:0} MB");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static Metadata NameOf(int client) => new() { { "plume-client", Crowd.NameOf(client) } };

    // What is left without network, hash and disk: what other frameworks measure.
    static void SumAlone(BenchPlan plan, byte[][] payloads)
    {
        var decoder = new PayloadDecoder(Codec.Parse(plan.Uplink), plan.Layout) { Parallelism = Environment.ProcessorCount };
        var sum = new ExactSum(plan.Layout.Length, payloads.Length);
        var key = DrawKeys.Update(default);
        decoder.AddTo(payloads[0], sum, 1, key, default);
        var clock = Stopwatch.StartNew();
        foreach (byte[] payload in payloads)
            decoder.AddTo(payload, sum, 1, key, default);
        double seconds = clock.Elapsed.TotalSeconds;
        Console.WriteLine($"Decoding and adding alone: {seconds:0.00} s, "
            + $"{payloads.Length * 4.0 * plan.Values / seconds / 1e9:0.00} GB/s of fp32");
    }

    static async Task<byte[][]> EncodeAsync(BenchPlan plan, Plume.Protocol.V1.Federation.FederationClient calls)
    {
        var draws = new RandomDraws(RandomKey.FromSeed(1));
        var update = new float[plan.Layout.Length];
        for (int i = 0; i < update.Length; i++)
            update[i] = 0.01f * (float)draws.NextNormal();
        var encoder = new PayloadEncoder(Codec.Parse(plan.Uplink), plan.Layout) { Parallelism = Environment.ProcessorCount };
        var payloads = new byte[plan.Participants][];
        for (int client = 0; client < payloads.Length; client++)
        {
            var task = (await calls.NextTaskAsync(new NextTaskRequest { Federation = BenchPlan.Federation, WaitMs = 10_000 },
                NameOf(client))).Task;
            payloads[client] = encoder.Encode(update, DrawKeys.Update(new RandomKey(task.Key))).ToArray();
        }

        return payloads;
    }

    static async Task SendAsync(Plume.Protocol.V1.Federation.FederationClient calls, int client, byte[] payload)
    {
        using var call = calls.Upload(NameOf(client));
        await call.RequestStream.WriteAsync(new UploadRequest
        {
            Header = new UploadHeader
            {
                Federation = BenchPlan.Federation,
                Round = 1,
                Attempt = 1,
                Samples = 1,
                Loss = 1,
                Length = (ulong)payload.Length,
                Sha256 = ByteString.CopyFrom(SHA256.HashData(payload))
            },
        });
        for (int start = 0; start < payload.Length; start += ChunkBytes)
            await call.RequestStream.WriteAsync(
                new UploadRequest
                {
                    Chunk =
                    UnsafeByteOperations.UnsafeWrap(payload.AsMemory(start, Math.Min(ChunkBytes, payload.Length - start)))
                });
        await call.RequestStream.CompleteAsync();
        var reply = await call;
        if (reply.Outcome != UploadReply.Types.Outcome.Counted)
            throw new InvalidOperationException($"The update of client {client} does not count: {reply.Message}");
    }
}
