using System.Globalization;
using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Checks;

namespace Plume.EndToEnd.Tests;

/// <summary>
/// Whatever can go wrong, at random: a few times with every run of the tests, and as often as <c>PLUME_CHAOS_KILLS</c> says by
/// command. What happens is drawn from <c>PLUME_CHAOS_SEED</c>; when it happens is the machine's, too.
/// </summary>
public class RandomKillsTests(ITestOutputHelper output)
{
    static readonly int Kills = Setting("PLUME_CHAOS_KILLS", 8);

    [Fact]
    public async Task Whatever_is_killed_frozen_or_cut_the_run_keeps_every_promise()
    {
        int seed = Setting("PLUME_CHAOS_SEED", Random.Shared.Next());
        output.WriteLine($"PLUME_CHAOS_SEED={seed} PLUME_CHAOS_KILLS={Kills}");
        var plan = Trainings.Of(new ToyPlan(Clients: 6, Rounds: 20 + 10 * Kills, Participants: 4, Values: 20_000),
            Trainings.All[new Random(seed).Next(Trainings.All.Count)]);
        long began = TimeProvider.System.GetTimestamp();
        await using var trial = new Trial(plan)
        {
            Training = TimeSpan.FromMilliseconds(60),
            ClientPatience = TimeSpan.FromSeconds(2),
            ServerGrace = TimeSpan.FromSeconds(5),
        };
        var mischief = new Mischief(trial, new Random(seed));
        await mischief.BeginAsync();
        while (mischief.Kills < Kills)
            await mischief.StepAsync();
        var ended = await mischief.EndAsync();
        Assert.Equal(await CalmRuns.CheckpointAsync(plan), ended.Checkpoint);
        string figures = $"{mischief.Figures}; {ended.Version} rounds, {ended.Rounds.Sum(round => round.Updates.Count)} "
            + $"updates, {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0} s, seed {seed}: the calm run's bits";
        output.WriteLine(figures);
        TestContext.Current.SendDiagnosticMessage(figures);
    }

    static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value : otherwise;
}
