using Plume.Federation.Rounds;
using Plume.Server.Federations.Blobs;

namespace Plume.Server.Tests.Federations;

/// <summary>Federations that were finished and get more rounds, also from an owner that reads of it in the ledger.</summary>
public sealed class ExtendedFederationTests : IDisposable
{
    const int More = PlayedFederation.Rounds + 3;

    readonly string folder = Directory.CreateTempSubdirectory("plume-extended-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Further_rounds_make_the_bits_of_a_federation_that_never_ended_through_kills_at_every_place()
    {
        string never;
        await using (var calm = new PlayedFederation(Path.Combine(folder, "calm")))
        {
            await calm.OpenAsync();
            Assert.Null(await calm.Coordinator.ExtendAsync(More, "ada", default));
            await calm.PlayAsync(More * PlayedFederation.Clients);
            await calm.ReachAsync(More);
            never = await calm.CheckpointAsync(More);
        }

        await using var federation = new PlayedFederation(Path.Combine(folder, "killed"));
        await federation.OpenAsync();
        await federation.PlayAsync();
        await federation.ReachAsync(PlayedFederation.Rounds);
        Assert.Equal(Phase.Finished, federation.Coordinator.Snapshot.Phase);
        Assert.Null(await federation.Coordinator.ExtendAsync(More, "ada", default));
        foreach (int updates in Enumerable.Range(1, More * PlayedFederation.Clients)
            .Skip(PlayedFederation.Rounds * PlayedFederation.Clients))
        {
            await federation.CloseAsync();
            await federation.OpenAsync();
            Assert.False(federation.Coordinator.Snapshot.HasEnded);
            Assert.Equal(More, (await federation.Coordinator.OverviewAsync(0, default)).Rounds);
            await federation.PlayAsync(updates);
        }

        await federation.ReachAsync(More);
        Assert.Equal(Phase.Finished, federation.Coordinator.Snapshot.Phase);
        Assert.Equal(never, await federation.CheckpointAsync(More));
    }

    [Fact]
    public async Task Until_the_first_of_them_is_made_the_last_version_comes_back_from_its_copy()
    {
        await using var federation = new PlayedFederation(folder);
        await federation.OpenAsync();
        await federation.PlayAsync();
        await federation.ReachAsync(PlayedFederation.Rounds);
        string last = await federation.CheckpointAsync();
        Assert.Null(await federation.Coordinator.ExtendAsync(More, "ada", default));
        await federation.CloseAsync();
        string checkpoint = Blob(new BlobNames("toy").Checkpoint(PlayedFederation.Rounds));
        byte[] damaged = await File.ReadAllBytesAsync(checkpoint);
        damaged[7] ^= 1;
        await File.WriteAllBytesAsync(checkpoint, damaged);
        await federation.OpenAsync();
        Assert.Equal(last, await federation.CheckpointAsync());
        await federation.PlayAsync(More * PlayedFederation.Clients);
        await federation.ReachAsync(More);
        await federation.CloseAsync();
        // What the end that was none had left is cleared away.
        Assert.False(File.Exists(Blob(new BlobNames("toy").Copy(PlayedFederation.Rounds))));
        Assert.True(File.Exists(Blob(new BlobNames("toy").Copy(More))));
    }

    [Fact]
    public async Task What_breaks_a_rule_changes_nothing_and_is_said_why()
    {
        await using var federation = new PlayedFederation(folder);
        await federation.OpenAsync();
        await federation.PlayAsync();
        await federation.ReachAsync(PlayedFederation.Rounds);
        Assert.Equal("It has 4 rounds already, of which 4 are done: give it more than that, all told.",
            await federation.Coordinator.ExtendAsync(4, "ada", default));
        Assert.Equal(Phase.Finished, federation.Coordinator.Snapshot.Phase);
    }

    string Blob(string name) => Path.Combine(folder, "blobs", name);
}
