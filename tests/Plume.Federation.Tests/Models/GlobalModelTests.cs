using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Federation.Methods;
using Plume.Federation.Models;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;
using Plume.Federation.Tests.Rounds;

namespace Plume.Federation.Tests.Models;

public class GlobalModelTests
{
    const int Updates = 4;

    static ModelLayout Layout { get; } = ModelLayout.Of([("w", [20, 50], TensorRole.Weight)]);

    [Fact]
    public void The_step_of_a_version_follows_how_far_updates_of_its_round_and_the_rounds_before_were_apart()
    {
        // Few values, so that they are large beside a step of nine deviations.
        float[] mean = [.. Enumerable.Range(0, Layout.Length).Select(i => i < 20 ? i / 2f : 0)];
        double norm = Math.Sqrt(Squares.Of(mean));
        double seen = UpdateSpread.Of(norm, mean, Layout, Updates)!.Value;
        Assert.Equal((seen, StepAt(seen)), Made(before: null));
        Assert.Equal((seen / 8, StepAt(seen / 8)), Made(before: seen / 16));

        (double Spread, float Step) Made(double? before)
        {
            var plan = Host.Plan(clients: Updates, participants: Updates, rounds: 9) with
            {
                Uplink = Codec.Parse("feedback | auto | range"),
                Downlink = Codec.Parse("delta | auto | range"),
            };
            var model = new GlobalModel(plan, Layout, new float[Layout.Length], new FedAvg(), default, threads: 1,
                historyMemory: 0);
            model.Apply(mean, Updates, norm, new RoundPlan(2, 1, 1, [0], default) { Spread = before });
            return (model.Spread!.Value, model.Weights.ToArray().Where(value => value != 0).Min(Math.Abs));
        }
    }

    static float StepAt(double spread) => Codec.Parse("delta | auto | range").StepAt(spread, Updates);
}
