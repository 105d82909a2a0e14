using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Checks;
using Plume.EndToEnd.Tests.Processes;
using Plume.Protocol.V1;
using static Plume.Protocol.V1.UploadReply.Types.Outcome;

namespace Plume.EndToEnd.Tests;

/// <summary>Uploads that are repeated, altered, late or early, by hand over gRPC.</summary>
public class ReplayTests
{
    static readonly ToyPlan Plan = new(Clients: 2, Rounds: 4, Participants: 2, Values: 20_000) { Uplink = "uniform(4) | rans" };

    [Fact]
    public async Task An_update_counts_once_however_often_and_however_late_it_is_sent()
    {
        await using var trial = new Trial(Plan);
        var server = await trial.ServeAsync();
        using var hand = new HandClient(trial, 0);
        using var other = new HandClient(trial, 1);
        await hand.JoinAsync();
        await other.JoinAsync();

        var first = await hand.MakeAsync();
        await AssertRefusedAsync("of a round to come", hand, first with { Round = first.Round + 1 }, "Stale");
        await AssertRefusedAsync("of an attempt to come", hand, first with { Attempt = 2 }, "Stale");
        await AssertRefusedAsync("of another version", hand, first.Altered() with { Version = 1 }, "WrongVersion");
        await AssertRefusedAsync("of no samples", hand, first.Altered() with { Samples = 0 }, "Samples");
        Assert.Equal(Counted, (await hand.SendAsync(first)).Outcome);
        Assert.Equal(Counted, (await hand.SendAsync(first)).Outcome);
        Assert.Equal(Counted, (await hand.SendAsync(first with { Samples = 999 })).Outcome);
        await AssertRefusedAsync("another in its place", hand, first.Altered(), "Duplicate");

        var second = await other.MakeAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => other.TrySendAsync(second)));
        Assert.All(answers.OfType<UploadReply>(), answer => Assert.Equal(Counted, answer.Outcome));
        Assert.Equal(Counted, (await other.SendAsync(second)).Outcome);

        var next = await hand.MakeAsync();
        Assert.Equal(2, next.Round);
        await AssertSettledAsync(hand, first);
        await AssertSettledAsync(other, second);
        await server.KillAsync();
        server = await trial.ServeAsync();
        await AssertSettledAsync(hand, first);
        Assert.Equal(Counted, (await hand.SendAsync(next)).Outcome);
        await server.KillAsync();
        server = await trial.ServeAsync();
        Assert.Equal(Counted, (await hand.SendAsync(next)).Outcome);
        await AssertRefusedAsync("another in its place", hand, next.Altered(), "Duplicate");
        Assert.Equal(Counted, (await other.SendAsync(await other.MakeAsync())).Outcome);

        for (int round = 3; round <= Plan.Rounds; round++)
        {
            Assert.Equal(Counted, (await hand.SendAsync(await hand.MakeAsync())).Outcome);
            Assert.Equal(Counted, (await other.SendAsync(await other.MakeAsync())).Outcome);
            await AssertSettledAsync(hand, first);
            await AssertSettledAsync(other, second);
        }

        await hand.StayToTheEndAsync();
        var ended = await trial.EndAsync(server);
        Assert.Equal(await CalmRuns.CheckpointAsync(Plan), ended.Checkpoint);
    }

    static async Task AssertSettledAsync(HandClient client, HandUpdate update)
    {
        Assert.Equal(Counted, (await client.SendAsync(update)).Outcome);
        Assert.Equal(Refused, (await client.SendAsync(update.Altered())).Outcome);
    }

    static async Task AssertRefusedAsync(string what, HandClient client, HandUpdate update, string rule)
    {
        var reply = await client.SendAsync(update);
        Assert.True(reply.Outcome == Refused && reply.Rule == rule, $"An update {what}: {reply}");
    }
}
