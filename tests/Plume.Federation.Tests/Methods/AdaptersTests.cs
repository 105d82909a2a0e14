using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Notation;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Tests.Methods;

public class AdaptersTests
{
    static readonly ModelLayout Toy =
        ModelLayout.Of([("w.lora_A", [1, 2], TensorRole.Weight), ("w.lora_B", [2, 1], TensorRole.Weight)]);
    static readonly ModelLayout Wide =
        ModelLayout.Of([("w.lora_A", [4, 300], TensorRole.Weight), ("w.lora_B", [40, 4], TensorRole.Weight),
            ("bias", [40], TensorRole.Bias)]);

    // B1 A1 and B2 A2 of two clients, worked out by hand: the exact mean is ((.5, 1), (3, -1)).
    [Fact]
    public void A_mean_of_factors_is_no_mean_of_products()
    {
        float[][] clients = [[1, 2, 1, 0], [3, -1, 0, 2]];
        float[] factors = new Told(Toy, (task, i) => clients[task.Client][i]).Run(Plan("averaging", 2, 1), new float[4])
            .Single().Weights.ToArray();
        double[] naive = Product(factors),
            exact = [.. Product(clients[0]).Zip(Product(clients[1]), (one, other) => (one + other) / 2)];
        Assert.Equal([1, 0.25, 2, 0.5], naive);
        Assert.Equal([0.5, 1, 3, -1], exact);
        Assert.Equal(0.600925213,
            Math.Sqrt(naive.Zip(exact, (a, b) => (a - b) * (a - b)).Sum() / exact.Sum(value => value * value)), 1e-9);
    }

    [Theory]
    [InlineData("adapters(rank=1)")]
    [InlineData("adapters(rank=1, frozen=A)")]
    public void The_mean_of_one_factor_is_the_mean_of_products(string method)
    {
        bool freezes = method.Contains("frozen", StringComparison.Ordinal);
        var layout = freezes ? ModelLayout.Of([("w.lora_B", [2, 1], TensorRole.Weight)]) : Toy;
        float[] drawn = [1, 2], before = freezes ? [0, 0] : [.. drawn, 0, 0];
        var told = new Told(layout, (task, i) => Value(task, i));
        int round = 0;
        foreach (var model in told.Run(Plan(method, 3, 6), before))
        {
            round++;
            var products = Enumerable.Range(0, 3).Select(client => Product(All(Trained(client)))).ToList();
            double[] mean = Product(All(model.Weights.ToArray()));
            Assert.All(Enumerable.Range(0, 4), i => Assert.Equal(products.Average(product => product[i]), mean[i], 1e-6));
            Assert.NotEqual(before, model.Weights.ToArray());
            before = model.Weights.ToArray();
        }

        // What a client comes to in this round: the factor whose turn it is.
        float[] Trained(int client) =>
            [.. before.Select((value, i) => freezes || round % 2 == 1 == i >= 2
                ? Value(new LocalTask(round, client, default, null!, default), i) : value)];

        float[] All(float[] factors) => freezes ? [.. drawn, .. factors] : factors;

        static float Value(LocalTask task, int i) =>
            RandomKey.FromSeed(7).Fold((ulong)task.Round).Fold((ulong)task.Client).Uniform((ulong)i) - 0.5f;
    }

    [Theory]
    [InlineData("feedback | deadzone(abs=0.003) | range", "delta | deadzone(abs=0.001953125) | range")]
    [InlineData("feedback | uniform(2) | rans", "pack")]
    [InlineData("pack", "delta | uniform(6) | rans")]
    public void Each_round_moves_one_factor_and_the_rest_and_only_they_travel(string uplink, string downlink)
    {
        var told = new Told(Wide, (task, i) => task.Received.Span[i] + 0.3f * RandomKey.FromSeed(7).Fold((ulong)task.Round)
            .Fold((ulong)task.Client).Uniform((ulong)i));
        var plan = Plan("adapters(rank=4)", 2, 6) with { Uplink = Codec.Parse(uplink), Downlink = Codec.Parse(downlink) };
        float[] before = new float[Wide.Length];
        int round = 0;
        foreach (var model in told.Run(plan, before, new FedAvgM(1, 0.9)))
        {
            round++;
            float[] after = model.Exact[..Wide.Length].ToArray();
            var (a, b) = (Wide.Tensors[0], Wide.Tensors[1]);
            Assert.Equal(round % 2 == 1, Of(before, a).SequenceEqual(Of(after, a)));
            Assert.Equal(round % 2 == 0, Of(before, b).SequenceEqual(Of(after, b)));
            Assert.False(Of(before, Wide.Tensors[2]).SequenceEqual(Of(after, Wide.Tensors[2])));
            before = after;
            // 160 and 40 values of 1,400; or 1,200 and 40, which as floats are no fewer bytes.
            Assert.InRange(told.Sent[^1], 1, round % 2 == 1 ? 4 * 200 + 60 : 4 * Wide.Length + 60);
        }

        static float[] Of(float[] values, TensorSpec tensor) => values[tensor.Offset..(tensor.Offset + tensor.Length)];
    }

    [Theory]
    [InlineData("adapters", "need a rank")]
    [InlineData("adapters(rank=0)", "column 10")]
    [InlineData("adapters(rank=4, frozen=B)", "'B' cannot be frozen")]
    [InlineData("adapters(4)", "need a rank")]
    [InlineData("adapters(rank=4, slow)", "'slow' is not an argument of adapters")]
    public void A_line_with_a_mistake_is_refused_at_its_place(string line, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => MethodNotation.Parse(line)).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("adapters(rank=4)")]
    [InlineData("adapters(rank=4, frozen=A)")]
    public void A_line_is_printed_as_it_was_read(string line) => Assert.Equal(line, MethodNotation.Parse(line).ToString());

    [Theory]
    [InlineData("feedback | topk(5%) | uniform(4) | rans")]
    [InlineData("rotate | uniform(4) | rans")]
    [InlineData("feedback | lowrank | deadzone(abs=0.003) | range")]
    public void An_uplink_that_chooses_or_mixes_places_is_refused_where_factors_take_turns(string uplink)
    {
        Assert.Contains("by turns",
            Assert.Single((Plan("adapters(rank=4)", 2, 2) with { Uplink = Codec.Parse(uplink) }).Problems()),
            StringComparison.Ordinal);
        Assert.Empty((Plan("adapters(rank=4, frozen=A)", 2, 2) with { Uplink = Codec.Parse(uplink) }).Problems());
    }

    [Fact]
    public void A_learner_without_adapters_or_that_moves_what_rests_is_refused()
    {
        var method = new Adapters(4);
        Assert.Null(method.Misfit(new Told(Toy, (_, _) => 0)));
        Assert.Contains("leave the factor that rests", method.Misfit(new Told(Toy, (_, _) => 0) { KeepsUntrained = false }),
            StringComparison.Ordinal);
        Assert.Contains("no adapters", method.Misfit(new Told(ModelLayout.Of([("w", [3, 4], TensorRole.Weight)]), (_, _) => 0)),
            StringComparison.Ordinal);
    }

    static FederationPlan Plan(string method, int clients, int rounds) =>
        new(clients, rounds, clients, new LocalObjective(1, 1, 0.1), Codec.Floats, Codec.Floats)
        {
            Method = MethodNotation.Parse(method),
        };

    // Of A (1 x 2) and after it B (2 x 1), row by row.
    static double[] Product(float[] factors) =>
        [(double)factors[2] * factors[0], (double)factors[2] * factors[1], (double)factors[3] * factors[0],
            (double)factors[3] * factors[1]];
}
