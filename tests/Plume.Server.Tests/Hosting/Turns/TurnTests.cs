using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Plume.Client;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Protocol;
using Plume.Protocol.V1;
using Plume.Server.Identity.Admission;

namespace Plume.Server.Tests.Hosting.Turns;

/// <summary>A client's round in one call.</summary>
public class TurnTests
{
    const string Name = "one";

    [Fact]
    public async Task An_update_of_2_7_kB_costs_at_most_165_bytes_at_the_socket_beside_itself()
    {
        // As floats.
        await using var toy = new ServedToy
        {
            Rounds = 12,
            Own = ModelLayout.Of([("dense.weight", [1, 675], TensorRole.Weight)]),
        };
        await toy.StartAsync();
        await using var relay = new CountingRelay(new Uri(toy.App.Urls.First()));
        List<(long Socket, long Updates)> counted = [];
        var result = await toy.JoinAsync(Name, step =>
        {
            if (step.Stage == ClientStage.Counted)
                counted.Add((relay.Up, step.BytesUp));
        }, through: relay.Address);
        Assert.True(result.IsFinished, result.Message);
        // From the receipt of one update to that of the next.
        var rounds = counted.Zip(counted.Skip(1), (before, after) =>
            (Update: after.Updates - before.Updates, All: after.Socket - before.Socket)).ToList();
        Assert.Equal(11, rounds.Count);
        Assert.All(rounds, round =>
        {
            Assert.InRange(round.Update, 2700, 2720);
            Assert.InRange(round.All - round.Update, 100, 165);
        });
    }

    [Fact]
    public async Task An_update_that_was_damaged_on_its_way_is_told_so_and_one_that_came_by_either_call_counts_once()
    {
        await using var toy = new ServedToy();
        await toy.StartAsync();
        var calls = toy.Calls();
        var joined = await calls.JoinAsync(new JoinRequest { Federation = ServedToy.Federation, Protocol = 1 }, Caller);
        Assert.Equal(128u << 10, joined.WholeUpdate);
        var first = await TurnAsync(calls, null);
        var task = first[0].Next.Task;
        Assert.Equal(TurnReply.PartOneofCase.Download, first[^1].PartCase);
        var update = new WholeUpdate
        {
            Round = task.Round,
            Attempt = task.Attempt,
            ModelVersion = task.ModelVersion,
            Samples = 10,
            Loss = 1,
            Payload = ByteString.CopyFrom(
                new PayloadEncoder(Codec.Floats, ServedToy.Layout).Encode(new float[6], default).Span),
        };
        update.Check = WholeUpdateCheck.Of(update);
        foreach (var damaged in Damaged(update))
        {
            var refusal = await Assert.ThrowsAsync<RpcException>(() => TurnAsync(calls, damaged));
            Assert.Equal(StatusCode.DataLoss, refusal.StatusCode);
        }

        Assert.Equal(0u, (await StatusAsync(toy)).History.Sum(round => round.Accepted));
        var answer = await TurnAsync(calls, update);
        Assert.Equal(UploadReply.Types.Outcome.Counted, answer[0].Receipt.Outcome);
        Assert.Equal(task.Round + 1, answer[1].Next.Task.Round);
        Assert.Equal(answer[0].Receipt, (await TurnAsync(calls, update))[0].Receipt);
        Assert.Equal(answer[0].Receipt, await UploadAsync(calls, update));
        Assert.Equal(1u, Assert.Single((await StatusAsync(toy)).History).Accepted);
    }

    [Theory]
    [InlineData(1 << 20, 128 << 10)]
    [InlineData(2000, 976)]
    [InlineData(1000, 0)]
    public async Task A_server_takes_whole_updates_that_its_messages_have_room_for(int messages, uint largest)
    {
        await using var toy = new ServedToy();
        await toy.StartAsync(limits: new ServerLimits { MessageBytes = messages });
        var joined = await toy.Calls().JoinAsync(new JoinRequest { Federation = ServedToy.Federation, Protocol = 1 }, Caller);
        Assert.Equal(largest, joined.WholeUpdate);
    }

    static Metadata Caller => new() { { "plume-client", Name } };

    // Each field is one that the sum or the ledger would have otherwise.
    static IEnumerable<WholeUpdate> Damaged(WholeUpdate update)
    {
        Action<WholeUpdate>[] damages =
        [
            other => other.Samples ^= 4, other => other.Loss = 2, other => other.ModelVersion++, other => other.Round++,
            other => other.Attempt++, other => other.Check ^= 1,
            other => other.Payload = ByteString.CopyFrom([.. other.Payload.SkipLast(1), 1]),
        ];
        foreach (var damage in damages)
        {
            var other = update.Clone();
            damage(other);
            yield return other;
        }
    }

    static async Task<List<TurnReply>> TurnAsync(Protocol.V1.Federation.FederationClient calls, WholeUpdate? update)
    {
        var request = new TurnRequest { Federation = ServedToy.Federation, WaitMs = 10_000, Update = update };
        using var call = calls.Turn(request, Caller);
        List<TurnReply> parts = [];
        await foreach (var part in call.ResponseStream.ReadAllAsync())
            parts.Add(part);
        return parts;
    }

    static async Task<UploadReply> UploadAsync(Protocol.V1.Federation.FederationClient calls, WholeUpdate update)
    {
        using var call = calls.Upload(Caller);
        await call.RequestStream.WriteAsync(new UploadRequest
        {
            Header = new UploadHeader
            {
                Federation = ServedToy.Federation,
                Round = update.Round,
                Attempt = update.Attempt,
                ModelVersion = update.ModelVersion,
                Samples = update.Samples,
                Loss = update.Loss,
                Length = (ulong)update.Payload.Length,
                Sha256 = ByteString.CopyFrom(SHA256.HashData(update.Payload.Span)),
            },
        });
        await call.RequestStream.CompleteAsync();
        return await call;
    }

    static async Task<FederationStatus> StatusAsync(ServedToy toy) =>
        await toy.Operation.StatusAsync(new StatusRequest { Federation = ServedToy.Federation }, ServedToy.Operator);
}
