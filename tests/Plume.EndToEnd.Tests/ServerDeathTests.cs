using System.Diagnostics;
using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Checks;

namespace Plume.EndToEnd.Tests;

public class ServerDeathTests
{
    static readonly ToyPlan Plan = new(Clients: 5, Rounds: 12, Participants: 3, Values: 20_000);

    public static TheoryData<string> Methods => [.. Trainings.All];

    public static TheoryData<string> KilledMethods => [.. Trainings.Killed];

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task A_calm_run_has_the_bits_of_a_simulation(string training)
    {
        var plan = Trainings.Of(Plan, training);
        Assert.Equal(Simulated.Model(plan), (await CalmRuns.OfAsync(plan)).Model);
    }

    [Fact]
    public async Task A_calm_run_has_the_checkpoint_of_another() =>
        Assert.Equal(await CalmRuns.CheckpointAsync(Plan), (await CalmRuns.RunAsync(Plan)).Checkpoint);

    [Fact]
    public async Task A_server_that_is_told_to_stop_does_not_wait_for_clients_that_wait()
    {
        await using var trial = new Trial(Plan) { ClientHold = TimeSpan.FromSeconds(30) };
        var server = await trial.ServeAsync();
        var waiting = trial.StartClients([0, 1]);
        await waiting.LineAsync("a client has joined", line => line.Contains("client-0 has joined", StringComparison.Ordinal));
        await waiting.LineAsync("a client has joined", line => line.Contains("client-1 has joined", StringComparison.Ordinal));
        long began = Stopwatch.GetTimestamp();
        Assert.Equal(0, await server.StopAsync());
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(12));
        server = await trial.ServeAsync();
        var ended = await trial.EndAsync(server, waiting, trial.StartClients([2, 3, 4]));
        Assert.Equal(await CalmRuns.CheckpointAsync(Plan), ended.Checkpoint);
    }

    [Theory]
    [MemberData(nameof(KilledMethods))]
    public async Task Wherever_the_server_dies_the_run_goes_on_to_the_same_bits(string training)
    {
        var plan = Trainings.Of(Plan, training);
        Assert.Equal(await CalmRuns.CheckpointAsync(plan), (await DieEverywhereAsync(plan)).Checkpoint);
    }

    // Bits follow the order of arrival here, so what is checked are the promises: nothing lost, nothing invented, nothing twice,
    // two clients a version.
    [Fact]
    public async Task Wherever_the_server_dies_a_buffered_run_keeps_every_promise()
    {
        var ended = await DieEverywhereAsync(Plan with { Rhythm = "buffered(2)" });
        Assert.Contains(ended.Rounds, record => record.Updates.Any(update => update.Version is not null));
    }

    static async Task<ServerHistory> DieEverywhereAsync(ToyPlan plan)
    {
        await using var trial = new Trial(plan);
        var clients = trial.StartAllClients();
        await trial.KillServersAtAsync("event:2", "arrived:1", "added:2", "upload-stored:1", "upload-settled:3",
            "version-stored:1", "checkpoint-stored:1", "committed:1");

        return await trial.EndAsync(await trial.ServeAsync(), clients);
    }
}
