using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Checks;
using Plume.EndToEnd.Tests.Processes;

namespace Plume.EndToEnd.Tests;

public class StorageTests
{
    static readonly ToyPlan Plan = new(Clients: 5, Rounds: 12, Participants: 3, Values: 20_000);

    [Fact]
    public async Task A_second_server_on_the_same_folder_is_refused_and_the_first_does_not_notice()
    {
        await using var trial = new Trial(Plan);
        var server = await trial.ServeAsync();
        var second = trial.StartServer();
        Assert.Equal(ToyServer.Refused, await second.EndAsync());
        Assert.Contains(second.Lines, line => line.Contains("Another server uses the folder", StringComparison.Ordinal));
        var ended = await trial.EndAsync(server, trial.StartAllClients());
        Assert.Equal(await CalmRuns.CheckpointAsync(Plan), ended.Checkpoint);
    }

    [Fact]
    public async Task A_server_whose_disk_is_full_loses_nothing_and_goes_on_when_there_is_space()
    {
        using var disk = new SmallDisk();
        await using var trial = new Trial(Plan)
        {
            State = Path.Combine(disk.Folder, "state"),
            Training = TimeSpan.FromMilliseconds(100),
        };
        var server = await trial.ServeAsync();
        var clients = trial.StartAllClients();
        await server.LineAsync("a version is committed",
            line => line.Contains("version 2 is committed", StringComparison.Ordinal));
        disk.Fill(server);
        await server.LineAsync("the server cannot write", line => line.Contains("could not be answered", StringComparison.Ordinal)
            || line.Contains("trying again", StringComparison.Ordinal));
        disk.Free(server);
        var ended = await trial.EndAsync(server, clients);
        Assert.Equal(await CalmRuns.CheckpointAsync(Plan), ended.Checkpoint);
    }
}
