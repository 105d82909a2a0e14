using Plume.Federation.Privacy;
using Plume.Federation.Privacy.Matrix;
using Plume.Federation.Rounds;

namespace Plume.Server.Tests.Federations;

/// <summary>A federation with privacy, left in the middle and gone on with.</summary>
public sealed class PrivateFederationTests : IDisposable
{
    // Noise of 3 costs 1.3 for one round of a client, 1.9 for two and 2.4 for three.
    static readonly DifferentialPrivacy Ample = new(Noise: 3, Delta: 1e-5, Epsilon: 10), Three = Ample with { Epsilon = 2.5 };

    readonly Dictionary<string, int[]> asked = [];
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
    public async Task Correlated_noise_and_who_took_part_when_outlive_the_owner()
    {
        var apart = Ample with { Matrix = new MatrixMechanism(2) };
        await PlayAsync("left", apart, updates: 2, version: 2, participants: 1);
        foreach (string name in (string[])["damaged", "often"])
            Copy(Path.Combine(folder, "left"), Path.Combine(folder, name));
        string[] checkpoints = Directory.GetFiles(Path.Combine(folder, "damaged", "blobs", "toy", "checkpoints"));
        File.WriteAllBytes(checkpoints.Order(StringComparer.Ordinal).Last(), [1, 2, 3]);
        await PlayAsync("often", apart, updates: 3, version: 3, participants: 1);
        var calm = await PlayAsync("left", apart, participants: 1);
        var again = await PlayAsync("damaged", apart, participants: 1);
        var often = await PlayAsync("often", apart, participants: 1);
        Assert.Equal(calm.Checkpoint, again.Checkpoint);
        Assert.Equal(calm.Checkpoint, often.Checkpoint);
        Assert.Equal((Phase.Finished, ""), (calm.Phase, calm.Message));
        // The two take turns, or neither is two rounds apart.
        Assert.Equal(asked["left"][0], asked["left"][2]);
        Assert.NotEqual(asked["left"][0], asked["left"][1]);
        Assert.Equal([.. asked["left"].Skip(2)], asked["damaged"]);
        Assert.NotEqual(calm.Checkpoint, (await PlayAsync("anew", Ample, participants: 1)).Checkpoint);
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
        int? updates = null, int version = 0, int? participants = null)
    {
        await using var federation = new PlayedFederation(Path.Combine(folder, name), privacy, participants);
        await federation.OpenAsync();
        if (updates != 0)
            await federation.PlayAsync(updates);
        asked[name] = [.. asked.GetValueOrDefault(name, []), .. federation.Asked];
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
