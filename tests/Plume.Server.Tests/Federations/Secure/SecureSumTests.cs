using Plume.Federation.SecureSums;
using Plume.Server.Federations.Secure;

namespace Plume.Server.Tests.Federations.Secure;

/// <summary>How a server makes a secure sum, whoever vanishes and whenever it is restarted itself.</summary>
public class SecureSumTests
{
    static readonly int[] All = [0, 1, 2, 3, 4, 5];

    static readonly Lazy<Task<string>> Whole = new(() => CheckpointAsync(-1, SumPhase.Done));

    static async Task<string> CheckpointAsync(int lost, SumPhase before)
    {
        await using var federation = await SecureFederation.BeginAsync();
        await federation.PlayAsync(lost, before);
        return (await federation.CheckpointAsync(1))!;
    }

    [Fact]
    public async Task Who_vanishes_before_its_words_are_masked_is_left_out_whichever_trip_it_made_last()
    {
        string without = await CheckpointAsync(5, SumPhase.Keys);
        Assert.NotEqual(await Whole.Value, without);
        foreach (var before in (SumPhase[])[SumPhase.Shares, SumPhase.Masked])
        {
            await using var federation = await SecureFederation.BeginAsync();
            await federation.PlayAsync(5, before);
            Assert.Equal(without, await federation.CheckpointAsync(1));
            var overview = await federation.Coordinator.OverviewAsync(0, default);
            Assert.Equal((5, 2.0), (overview.History[0].Accepted, overview.History[0].TrainingLoss));
            Assert.Equal(["client-5"], overview.AskedLess.Select(member => member.Name));
            Assert.Equal(SumAnswerKind.Refused, (await federation.SendAsync(5, SumPhase.Done, null)).Kind);
            Assert.Equal(SumAnswerKind.Counted, (await federation.SendAsync(4, SumPhase.Done, null)).Kind);
        }
    }

    [Fact]
    public async Task Who_vanishes_before_it_unmasks_is_in_the_sum()
    {
        await using var federation = await SecureFederation.BeginAsync();
        await federation.PlayAsync(5, SumPhase.Unmasking);
        Assert.Equal(await Whole.Value, await federation.CheckpointAsync(1));
        Assert.Equal(SumAnswerKind.Counted, (await federation.SendAsync(5, SumPhase.Done, null)).Kind);
    }

    [Fact]
    public async Task A_server_that_restarts_before_who_is_in_the_sum_is_fixed_begins_another_session_to_the_same_bits()
    {
        await using var federation = await SecureFederation.BeginAsync();
        await federation.MakeAsync(SumPhase.Keys, All);
        await federation.MakeAsync(SumPhase.Shares, All);
        await federation.MakeAsync(SumPhase.Masked, 0, 1, 2);
        await federation.CloseAsync();
        await federation.OpenAsync();
        Assert.Equal(SumAnswerKind.Anew, (await federation.SendAsync(0, SumPhase.Masked, null)).Kind);
        Assert.Equal(SumAnswerKind.Anew, (await federation.SendAsync(0, SumPhase.Done, null)).Kind);
        Assert.Equal(1, federation.Coordinator.Snapshot.Attempt);
        federation.EnterSession();
        await federation.PlayAsync();
        Assert.Equal(await Whole.Value, await federation.CheckpointAsync(1));
    }

    [Fact]
    public async Task A_server_that_restarts_after_it_goes_on_to_unmask_that_very_sum()
    {
        await using var federation = await SecureFederation.BeginAsync();
        await federation.MakeAsync(SumPhase.Keys, All);
        await federation.MakeAsync(SumPhase.Shares, All);
        await federation.MakeAsync(SumPhase.Masked, 0, 1, 2, 3, 4);
        await federation.PassAsync(0.1);
        byte[] contributors = await federation.ToldAsync(0, SumPhase.Masked);
        await federation.MakeAsync(SumPhase.Unmasking, 0, 1);
        await federation.CloseAsync();

        await federation.OpenAsync();
        Assert.Equal(contributors, await federation.ToldAsync(2, SumPhase.Masked));
        var late = await federation.SendAsync(5, SumPhase.Masked, new byte[10]);
        Assert.Equal("What client 5 sends for the trip Masked comes too late: the trip is over.", late.Message);
        // What the two had sent is gone with the server's memory.
        Assert.Equal(SumAnswerKind.Again, (await federation.SendAsync(0, SumPhase.Unmasking, null)).Kind);
        await federation.MakeAsync(SumPhase.Unmasking, 2, 3, 4);
        Assert.Equal(0, federation.Coordinator.Snapshot.ModelVersion);
        foreach (int client in (int[])[0, 1])
            await federation.SendAsync(client, SumPhase.Unmasking, federation.Sent(SumPhase.Unmasking, client));
        await federation.ReachAsync(1);
        Assert.Equal(await CheckpointAsync(5, SumPhase.Keys), await federation.CheckpointAsync(1));

        // What it revealed makes the version again.
        await federation.CloseAsync();
        string checkpoint = Path.Combine(federation.Folder, "blobs", "toy", "checkpoints", "1");
        File.Delete(checkpoint);
        await federation.OpenAsync();
        Assert.Equal(await CheckpointAsync(5, SumPhase.Keys), await federation.CheckpointAsync(1));
    }

    [Fact]
    public async Task Too_few_keys_are_another_attempt_and_too_few_shares_a_round_that_leaves_the_model_as_it_is()
    {
        await using var federation = await SecureFederation.BeginAsync();
        await federation.MakeAsync(SumPhase.Keys, 0, 1, 2);
        await federation.PassAsync(0.7);
        Assert.Equal(2, federation.Coordinator.Snapshot.Attempt);
        Assert.Equal(SumAnswerKind.Refused, (await federation.SendAsync(0, SumPhase.Keys, null)).Kind);
        federation.EnterSession();
        await federation.MakeAsync(SumPhase.Keys, [.. federation.Coordinator.Snapshot.Participants]);
        await federation.MakeAsync(SumPhase.Shares, [.. federation.Coordinator.Snapshot.Participants]);
        await federation.MakeAsync(SumPhase.Masked, [.. federation.Coordinator.Snapshot.Participants]);
        await federation.MakeAsync(SumPhase.Unmasking, 0, 1);
        string before = (await federation.CheckpointAsync(0))!;
        await federation.PassAsync(0.3);
        await federation.ReachAsync(1);
        Assert.Equal(before, await federation.CheckpointAsync(1));
        Assert.Equal(SumAnswerKind.Refused, (await federation.SendAsync(0, SumPhase.Unmasking, null)).Kind);
        var round = Assert.Single((await federation.Coordinator.OverviewAsync(0, default)).History);
        Assert.Equal(0, round.Accepted);
        Assert.Contains("have sent shares in time, which are too few", round.Refused[^1]);
    }

    [Fact]
    public async Task What_breaks_the_protocol_is_refused_and_changes_nothing()
    {
        await using var federation = await SecureFederation.BeginAsync();
        var offTheCurve = await federation.SendAsync(0, SumPhase.Keys, new byte[128]);
        Assert.Equal("Invalid", offTheCurve.Rule);
        Assert.Contains("no point of P-256", offTheCurve.Message);
        Assert.Equal("Round 1 does not ask client 6, or not any more.",
            (await federation.SendAsync(6, SumPhase.Keys, federation.Message(SumPhase.Keys, 0))).Message);
        Assert.Equal("Invalid", (await federation.SendAsync(0, SumPhase.Unmasking, [1])).Rule);
        federation.EnterSession();
        await federation.MakeAsync(SumPhase.Keys, All);
        var other = await federation.SendAsync(0, SumPhase.Keys, new byte[128]);
        Assert.Equal("Client 0 has sent something else for the trip Keys before.", other.Message);
        Assert.Equal("Invalid", (await federation.SendAsync(0, SumPhase.Shares, [1, 2, 3])).Rule);
        await federation.MakeAsync(SumPhase.Shares, All);
        await federation.MakeAsync(SumPhase.Masked, 0, 1, 2, 3, 4);
        byte[] again = [.. federation.Sent(SumPhase.Masked, 0)];
        again[0] ^= 1;
        var twice = await federation.SendAsync(0, SumPhase.Masked, again);
        Assert.Equal("Client 0 has done Masked already.", twice.Message);
        var same = await federation.SendAsync(0, SumPhase.Masked, federation.Sent(SumPhase.Masked, 0));
        Assert.Equal(SumAnswerKind.Open, same.Kind);
        await federation.MakeAsync(SumPhase.Masked, 5);
        await federation.MakeAsync(SumPhase.Unmasking, All[..5]);
        await federation.ReachAsync(1);
        Assert.Equal(await Whole.Value, await federation.CheckpointAsync(1));
    }
}
