using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Checks;
using Plume.EndToEnd.Tests.Processes;

namespace Plume.EndToEnd.Tests;

public class NetworkTests
{
    // An update and a version's payload have several chunks each.
    static readonly ToyPlan Plan = new(Clients: 3, Rounds: 12, Participants: 2, Values: 400_000) { Uplink = "feedback | uniform(8) | pack", Downlink = "delta | uniform(8) | pack" };

    static readonly double[] Shares = [0.1, 0.5, 0.9];

    [Fact]
    public async Task Connections_that_break_or_damage_bytes_delay_the_run_and_change_no_bit()
    {
        await using var trial = new Trial(Plan);
        var server = await trial.ServeAsync();
        var clients = trial.StartAllClients();
        foreach (var way in (Way[])[Way.Up, Way.Down])
        {
            foreach (double share in Shares)
                await HappensAsync(trial.Network.CutAfterAsync(way, (long)(share * Plan.Values)), clients);
            await HappensAsync(trial.Network.CorruptAfterAsync(way, Plan.Values / 2), clients);
        }

        var ended = await trial.EndAsync(server, clients);
        Assert.Equal(await CalmRuns.CheckpointAsync(Plan), ended.Checkpoint);
    }

    [Fact]
    public async Task Peers_that_are_gone_without_a_word_or_frozen_delay_the_run_and_change_no_bit()
    {
        await using var trial = new Trial(Plan) { ClientPatience = TimeSpan.FromSeconds(2) };
        var server = await trial.ServeAsync();
        var clients = trial.StartAllClients();
        await HappensAsync(trial.Network.PassedAsync(Way.Up, Plan.Values / 2), clients);
        trial.Network.Forget();
        await HappensAsync(trial.Network.PassedAsync(Way.Down, Plan.Values / 2), clients);
        trial.Network.Forget();
        await HappensAsync(trial.Network.PassedAsync(Way.Up, Plan.Values / 2), clients);
        server.Freeze();
        await clients.LineAsync("a client calls the server stuck", line => line.Contains("nothing moved for too long", StringComparison.Ordinal));
        server.Thaw();
        var ended = await trial.EndAsync(server, clients);
        Assert.Equal(await CalmRuns.CheckpointAsync(Plan), ended.Checkpoint);
    }

    [Fact]
    public async Task An_upload_that_is_slower_than_the_server_lets_it_goes_on_where_it_was_cut()
    {
        await using var trial = new Trial(Plan with { Rounds = 2 }) { ServerGrace = TimeSpan.FromSeconds(1) };
        var server = await trial.ServeAsync();
        // About 200 kB a second each way; the server lets a transfer take no longer than its grace.
        (trial.Network.LargestPiece, trial.Network.Delay) = (4 << 10, TimeSpan.FromMilliseconds(20));
        var clients = trial.StartAllClients();
        var ended = await trial.EndAsync(server, clients);
        var history = trial.ReadHistory();
        Assert.True(history.Count(line => line.What == HistoryLine.Sent) > history.Count(line => line.What == HistoryLine.Counted), "No upload was cut.");
        Assert.Equal(await CalmRuns.CheckpointAsync(trial.Plan), ended.Checkpoint);
    }

    static async Task HappensAsync(Task fault, HostProcess clients)
    {
        await AwaitedAsync(fault).UntilAsync("so many bytes go over the network", clients.Tail);
    }

    static async Task<bool> AwaitedAsync(Task fault)
    {
        await fault;
        return true;
    }
}
