using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Methods;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Notation;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Tests.Methods;

public class MasksTests
{
    const float Sure = 30;
    const int Weights = 4_000;

    static readonly ModelLayout Layout =
        ModelLayout.Of([("w", [20, 200], TensorRole.Weight), ("bias", [50], TensorRole.Bias),
            ("mean", [50], TensorRole.Statistic)]);

    [Theory]
    [InlineData(0, -4.595119850)]
    [InlineData(0.7, 0.828321859)]
    [InlineData(0.5, 0)]
    [InlineData(1, 4.595119850)]
    [InlineData(-0.25, -4.595119850)]
    public void A_score_is_the_log_odds_of_a_probability_that_was_moved_off_the_ends(double probability, double score) =>
        Assert.Equal(score, Masks.ScoreOf((float)probability), 1e-6);

    [Fact]
    public void Frozen_weights_have_one_size_by_fan_in_and_signs_by_the_seed()
    {
        var layout = ModelLayout.Of(
            [("dense", [64, 512], TensorRole.Weight, 0), ("matmul", [512, 64], TensorRole.Weight, 1),
                ("conv", [16, 8, 5, 5], TensorRole.Weight, 0), ("bias", [64], TensorRole.Bias, 0)]);
        float[] frozen = new Masks(1).Frozen(layout);
        Assert.All(frozen[..(2 * 64 * 512)], value => Assert.Equal(0.120132220, Math.Abs(value), 1e-8));
        Assert.All(frozen[(2 * 64 * 512)..^64], value => Assert.Equal(Math.E / Math.Sqrt(200), Math.Abs(value), 1e-7));
        Assert.All(frozen[^64..], value => Assert.Equal(0, value));
        Assert.InRange(frozen.Count(value => value > 0), 34_368 - 5 * 131, 34_368 + 5 * 131);
        Assert.Equal(frozen, new Masks(1).Frozen(layout));
        Assert.NotEqual(frozen, new Masks(2).Frozen(layout));
    }

    [Theory]
    [InlineData("pack")]
    [InlineData("deadzone(abs=0.1) | range")]
    [InlineData("deadzone(abs=0.5) | range")]
    [InlineData("delta | deadzone(abs=0.25) | range")]
    public void A_probability_is_the_share_of_the_clients_whose_bit_is_set_whatever_samples_and_downlink(string downlink)
    {
        var told = new Told(Layout, (task, i) => i < Weights ? (Wants(task.Client, task.Round, i) ? Sure : -Sure)
            : task.Received.Span[i] + 1);
        var method = new Masks(5);
        int round = 0;
        foreach (var model in told.Run(Plan(method, 10, 4) with { Downlink = Codec.Parse(downlink) }, Initial))
        {
            round++;
            var exact = model.Exact.Span;
            float[] shares = [.. Enumerable.Range(0, Weights)
                .Select(i => Enumerable.Range(0, 10).Count(client => Wants(client, round, i)) / 10f)];
            for (int i = 0; i < shares.Length; i++)
                Assert.Equal(shares[i], exact[i], 1e-6);
            Assert.Equal([.. Enumerable.Repeat(0.25f, 50), .. Enumerable.Repeat((float)round, 50)], exact[Weights..].ToArray());
            if (downlink == "pack")
                Assert.Equal(shares.Zip(method.Frozen(Layout), (share, weight) => share >= 0.5f ? weight : 0),
                    model.Weights[..Weights].ToArray());
        }

        // Some weights that all want, some that few do, and some that change.
        static bool Wants(int client, int round, int i) =>
            RandomKey.FromSeed((ulong)i).Fold((ulong)client).Uniform((ulong)round) < RandomKey.FromSeed(3)
                .Uniform((ulong)(i + (i % 3 == 0 ? round : 0)));
    }

    [Fact]
    public void A_server_that_takes_half_a_step_remembers_half_of_what_was()
    {
        var told = new Told(Layout, (_, i) => i % 2 == 0 ? Sure : -Sure);
        float[][] rounds = [.. told.Run(Plan(new Masks(5), 2, 3), Initial, new FedAvg(0.5))
            .Select(model => model.Exact[..2].ToArray())];
        Assert.Equal([[0.75f, 0.25f], [0.875f, 0.125f], [0.9375f, 0.0625f]], rounds);
    }

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(-2, 0.119202922)]
    public void A_bit_has_the_chance_of_its_score_and_costs_no_more_than_it_tells(float score, double chance)
    {
        // Half the weights have the chance, and half of them its opposite: in the second round both ends know which.
        var told = new Told(Layout, (_, i) => i % 2 == 0 ? score : -score);
        float[] exact = told.Run(Plan(new Masks(5), 40, 2), Initial).Last().Exact[..Weights].ToArray();
        double mean = exact.Where((_, i) => i % 2 == 0).Average(value => (double)value),
            spread = Math.Sqrt(chance * (1 - chance) / (Weights / 2 * 40));
        Assert.InRange(mean, chance - 5 * spread, chance + 5 * spread);
        double entropy = -(chance * Math.Log2(chance)) - (1 - chance) * Math.Log2(1 - chance),
            bits = (told.Sent.Skip(40).Average() - 4 * 50 - 40) * 8 / Weights;
        Assert.InRange(bits, 0.9 * entropy, 1.03 * entropy + 0.03);
    }

    [Fact]
    public void Lines_are_read_and_a_plan_in_which_something_has_nothing_to_do_is_refused()
    {
        Assert.Equal("masks", MethodNotation.Parse("masks").ToString());
        Assert.Equal("masks(seed=7)", MethodNotation.Parse("masks").Seeded(7).ToString());
        Assert.Equal("masks(seed=3)", MethodNotation.Parse("masks(seed=3)").Seeded(7).ToString());
        Assert.Contains("column 7: '-1' must be an integer",
            Assert.Throws<FormatException>(() => MethodNotation.Parse("masks(seed=-1)")).Message, StringComparison.Ordinal);
        var plan = Plan(new Masks(1), 2, 2);
        Assert.Contains("leave it out", Assert.Single((plan with { Uplink = Codec.Parse("uniform(4) | rans") }).Problems()),
            StringComparison.Ordinal);
        Assert.Contains("weight decay",
            Assert.Single((plan with { Objective = plan.Objective with { WeightDecay = 0.1 } }).Problems()),
            StringComparison.Ordinal);
        Assert.Contains("must learn masks", plan.Method.Misfit(new Told(Layout, (_, _) => 0) { LearnsMasks = false }),
            StringComparison.Ordinal);
        Assert.Contains("no weights", plan.Method.Misfit(new Told(ModelLayout.Of([("b", [3], TensorRole.Bias)]), (_, _) => 0)),
            StringComparison.Ordinal);
    }

    static float[] Initial => [.. new float[Weights], .. Enumerable.Repeat(0.25f, 50), .. new float[50]];

    static FederationPlan Plan(Method method, int clients, int rounds) =>
        new(clients, rounds, clients, new LocalObjective(1, 1, 0.1), Codec.Floats, Codec.Floats)
        {
            Method = method,
            SampleCap = 1000,
        };
}
