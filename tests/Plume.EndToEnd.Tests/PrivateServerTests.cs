using Plume.EndToEnd.Host;
using Plume.Federation.Privacy.Matrix;

namespace Plume.EndToEnd.Tests;

/// <summary>Noise that a server adds, by real processes: its secret is another in each run, so the bits are, too.</summary>
public class PrivateServerTests
{
    [Theory]
    [InlineData("matrix(2)", "fixed")]
    [InlineData("gaussian", "adaptive(50%, bits=2)")]
    public async Task Wherever_the_server_dies_the_model_has_the_noise_that_is_promised(string mechanism, string clip)
    {
        var plan = new ToyPlan(Clients: 6, Rounds: 5, Participants: 3, Values: 20_000)
        {
            Uplink = "clip(1) | pack",
            Noise = 1,
            Mechanism = mechanism,
            Clip = clip,
        };
        await using var trial = new Trial(plan);
        var clients = trial.StartAllClients();
        await trial.KillServersAtAsync("event:2", "version-stored:1", "committed:1");

        await trial.EndAsync(await trial.ServeAsync(), clients);
        // The same run in one process has other noise of the same deviation, in a mean of three. What clients learn pulls models
        // together a little, and a clip that follows their norms goes its own way.
        var matrix = MatrixMechanism.Parse(mechanism);
        double promised = Math.Sqrt(2) / 3 * (matrix?.FactorFor(plan.Rounds).MostError ?? Math.Sqrt(plan.Rounds));
        Assert.InRange(trial.ApartFromSimulation() / promised, matrix is null ? 0.5 : 0.9, matrix is null ? 2 : 1.02);
    }
}
