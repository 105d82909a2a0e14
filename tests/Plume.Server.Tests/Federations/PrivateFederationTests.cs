using Plume.Federation.Privacy;
using Plume.Federation.Rounds;

namespace Plume.Server.Tests.Federations;

/// <summary>A federation with privacy, left in the middle and gone on with.</summary>
public sealed class PrivateFederationTests : IDisposable
{
    // Noise of 3 costs 1.3 for one round of a client, 1.9 for two and 2.4 for three.
    static readonly DifferentialPrivacy Ample = new(Noise: 3, Delta: 1e-5, Epsilon: 10), Three = Ample with { Epsilon = 2.5 };

    readonly string folder = Directory.CreateTempSubdirectory("plume-private").FullName;

    [Fact]
    public async Task A_version_that_is_made_again_has_the_noise_that_it_had_and_other_runs_have_other_noise()
    {
        await PlayAsync("left", Ample, updates: 5);
        Copy(Path.Combine(folder, "left"), Path.Combine(folder, "damaged"));
        string[] checkpoints = Directory.GetFiles(Path.Combine(folder, "damaged", "blobs", "toy", "checkpoints"));
        File.WriteAllBytes(checkpoints.Order(StringComparer.Ordinal).Last(), [1, 2, 3]);
        var (calm, again, other) =
            (await PlayAsync("left", Ample), await PlayAsync("damaged", Ample), await PlayAsync("other", Ample));
        Assert.Equal(calm.Checkpoint, again.Checkpoint);
        Assert.NotEqual(calm.Checkpoint, other.Checkpoint);
        Assert.Equal((Phase.Finished, ""), (calm.Phase, calm.Message));
    }

    [Fact]
    public async Task What_is_spent_outlives_the_owner_and_ends_the_run_before_the_budget_breaks()
    {
        await PlayAsync("spent", Three, updates: 4);
        var (_, phase, message) = await PlayAsync("spent", Three, updates: 6, version: 3);
        Assert.Equal(Phase.Finished, phase);
        Assert.Equal("The privacy budget of epsilon 2.5 is spent: of 2 clients 0 have some left for another round, and a round "
            + "needs 2.", message);
        // Nor does the next owner forget why.
        Assert.Equal(message, (await PlayAsync("spent", Three, updates: 0, version: 3)).Message);
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => PlayAsync("spent", Ample));
        Assert.Contains("of other settings", refused.Message);
    }

    async Task<(string? Checkpoint, Phase Phase, string Message)> PlayAsync(string name, DifferentialPrivacy privacy,
        int? updates = null, int version = 0)
    {
        await using var federation = new PlayedFederation(Path.Combine(folder, name), privacy);
        await federation.OpenAsync();
        if (updates != 0)
            await federation.PlayAsync(updates ?? PlayedFederation.Rounds * PlayedFederation.Clients);
        await federation.ReachAsync(updates is null ? PlayedFederation.Rounds : version);
        var now = federation.Coordinator.Snapshot;
        return (updates is null ? await federation.CheckpointAsync() : null, now.Phase, now.Message);
    }

    static void Copy(string from, string to)
    {
        foreach (string path in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, path));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(path, copy);
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
