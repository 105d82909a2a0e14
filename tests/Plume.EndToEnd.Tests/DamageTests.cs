using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Checks;

namespace Plume.EndToEnd.Tests;

/// <summary>
/// Files of the server that are damaged when it starts: it comes to the same bits all the same, or says that it cannot and ends.
/// </summary>
public sealed class DamageTests(HalfWay halfWay) : IClassFixture<HalfWay>
{
    [Theory]
    [InlineData("blobs/toy/checkpoints/3", "flip")]
    [InlineData("blobs/toy/checkpoints/3", "cut")]
    [InlineData("blobs/toy/checkpoints/3", "delete")]
    [InlineData("ledger/toy/head-3", "flip")]
    [InlineData("ledger/toy/head-3", "cut")]
    [InlineData("ledger/toy/events-3.log", "cut the end")]
    [InlineData("ledger/toy/epoch", "flip")]
    [InlineData("blobs/toy/versions/3", "flip")]
    [InlineData("blobs/toy/versions/3", "cut")]
    [InlineData("blobs/toy/versions/3", "delete")]
    [InlineData("blobs/toy/versions/2", "flip")]
    public async Task What_can_be_made_again_is_made_again_to_the_same_bits(string file, string damage)
    {
        await using var trial = Trial.Of(halfWay.Left);
        Damage(Path.Combine(trial.State, file), damage);
        var server = await trial.ServeAsync();
        var ended = await trial.EndAsync(server, trial.StartAllClients());
        Assert.Equal(await CalmRuns.CheckpointAsync(trial.Plan), ended.Checkpoint);
    }

    [Theory]
    [InlineData("flip")]
    [InlineData("delete")]
    public async Task A_checkpoint_that_is_damaged_while_the_server_runs_is_made_again_when_it_is_needed(string damage)
    {
        await using var trial = Trial.Of(halfWay.Left);
        var server = await trial.ServeAsync();
        await server.LineAsync("the federation is open",
            line => line.Contains("goes on from version 3", StringComparison.Ordinal));
        Damage(Path.Combine(trial.State, "blobs/toy/checkpoints/3"), damage);
        var ended = await trial.EndAsync(server, trial.StartAllClients());
        Assert.Contains(server.Lines, line => line.Contains("could not be applied", StringComparison.Ordinal));
        Assert.Equal(await CalmRuns.CheckpointAsync(trial.Plan), ended.Checkpoint);
    }

    [Theory]
    [InlineData("blobs/toy/checkpoints/*", "flip", "Restore the storage from a copy")]
    [InlineData("ledger/toy/head-*", "flip", "Restore the folder from a copy")]
    [InlineData("ledger/toy/events-3.log", "flip", "Restore the folder from a copy")]
    [InlineData("blobs/toy/uploads/4/*", "flip", "Restore the storage from a copy")]
    [InlineData("blobs/toy/uploads/4/*", "delete", "Restore the storage from a copy")]
    public async Task What_cannot_be_made_again_is_said_and_the_server_ends(string files, string damage, string message)
    {
        await using var trial = Trial.Of(halfWay.Left);
        foreach (string path in Directory.GetFiles(Path.Combine(trial.State, Path.GetDirectoryName(files)!),
            Path.GetFileName(files)))
            Damage(path, damage);
        var server = trial.StartServer();
        Assert.Equal(ToyServer.Refused, await server.EndAsync());
        Assert.Contains(server.Lines, line => line.Contains(message, StringComparison.Ordinal));
    }

    static void Damage(string path, string damage)
    {
        byte[] bytes = File.ReadAllBytes(path);
        switch (damage)
        {
            case "flip":
                bytes[bytes.Length / 2] ^= 0x10;
                File.WriteAllBytes(path, bytes);
                break;
            case "cut":
                File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
                break;
            case "cut the end":
                File.WriteAllBytes(path, bytes[..^5]);
                break;
            default:
                File.Delete(path);
                break;
        }
    }
}

/// <summary>
/// A trial that was killed in the middle of round 4: two of its three updates are in, and all versions so far were needed.
/// </summary>
public sealed class HalfWay : IAsyncLifetime
{
    // By auto, whose steps follow all rounds before: what is made again must know them.
    internal Trial Left { get; } =
        new(Trainings.Of(new ToyPlan(Clients: 5, Rounds: 8, Participants: 3, Values: 20_000), Trainings.Auto));

    public async ValueTask InitializeAsync()
    {
        var clients = Left.StartAllClients();
        await (await Left.ServeAsync("added:11")).EndAsync();
        await clients.KillAsync();
    }

    public ValueTask DisposeAsync() => Left.DisposeAsync();
}
