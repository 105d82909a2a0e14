using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Checks;
using Plume.EndToEnd.Tests.Processes;

namespace Plume.EndToEnd.Tests;

public class NetworkTests
{
    // An update and a version's payload have several chunks each.
    static readonly ToyPlan Plan = new(Clients: 3, Rounds: 12, Participants: 2, Values: 400_000)
    {
        Uplink = "feedback | uniform(8) | pack",
        Downlink = "delta | uniform(8) | pack",
    };

    // Each of which goes with its answer in one call.
    static readonly ToyPlan Small = new(Clients: 5, Rounds: 12, Participants: 3, Values: 20_000);

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
    public async Task Connections_that_break_in_the_midst_of_small_updates_and_their_answers_change_no_bit_either()
    {
        await using var trial = new Trial(Small);
        var server = await trial.ServeAsync();
        var clients = trial.StartAllClients();
        // Places all over a round's call: in its headers, its update, its receipt, its task and its download.
        foreach (int bytes in (int[])[90, 700, 5300])
        {
            foreach (var way in (Way[])[Way.Up, Way.Down])
                await HappensAsync(trial.Network.CutAfterAsync(way, bytes), clients);
        }

        var ended = await trial.EndAsync(server, clients);
        Assert.Equal(await CalmRuns.CheckpointAsync(Small), ended.Checkpoint);
    }

    [Fact]
    public async Task Peers_that_are_gone_without_a_word_or_frozen_delay_the_run_and_change_no_bit()
    {
        await using var trial = new Trial(Plan)
        {
            ClientPatience = TimeSpan.FromSeconds(2),
            ServerGrace = TimeSpan.FromSeconds(5),
        };
        var server = await trial.ServeAsync();
        var clients = trial.StartAllClients();
        await HappensAsync(trial.Network.PassedAsync(Way.Up, Plan.Values / 2), clients);
        trial.Network.Forget();
        await HappensAsync(trial.Network.PassedAsync(Way.Down, Plan.Values / 2), clients);
        trial.Network.Forget();
        await HappensAsync(trial.Network.PassedAsync(Way.Up, Plan.Values / 2), clients);
        server.Freeze();
        await clients.LineAsync("a client calls the server stuck",
            line => line.Contains("nothing moved for too long", StringComparison.Ordinal));
        server.Thaw();
        var ended = await trial.EndAsync(server, clients);
        Assert.Equal(await CalmRuns.CheckpointAsync(Plan), ended.Checkpoint);
    }

    [Fact]
    public async Task A_transfer_that_is_slower_than_the_server_lets_it_goes_on_where_it_was_cut()
    {
        await using var trial = new Trial(Plan) { ServerGrace = TimeSpan.FromSeconds(1) };
        var server = await trial.ServeAsync();
        var clients = trial.StartAllClients();
        await server.LineAsync("a version is committed",
            line => line.Contains("version 1 is committed", StringComparison.Ordinal));
        (trial.Network.LargestPiece, trial.Network.Delay) = (1 << 10, TimeSpan.FromMilliseconds(20));
        await clients.LineAsync("the server cuts a transfer",
            line => line.Contains("before it tries again", StringComparison.Ordinal));
        trial.Network.Delay = TimeSpan.Zero;
        var ended = await trial.EndAsync(server, clients);
        Assert.Equal(await CalmRuns.CheckpointAsync(Plan), ended.Checkpoint);
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
