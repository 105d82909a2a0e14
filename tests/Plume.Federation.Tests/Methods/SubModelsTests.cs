using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Capacities;
using Plume.Federation.Learners;
using Plume.Federation.Models;
using Plume.Federation.Notation;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Tests.Methods;

public class SubModelsTests
{
    static readonly ModelLayout Layout = ModelLayout.Of([("w", [4], TensorRole.Weight)]);
    static readonly LayoutSlice Half = LayoutSlice.Of(Layout, [("w", 0, [0, 1])]);
    static readonly LayoutSlice Quarter = LayoutSlice.Of(Layout, [("w", 0, [0])]);

    [Theory]
    [InlineData("submodels(1, 1/2, 1/4)", "submodels(1, 1/2, 1/4)")]
    [InlineData("submodels( 2/4 ,1/4 ;rolling )", "submodels(1/2, 1/4; rolling)")]
    [InlineData("submodels(1/4)", "submodels(1/4)")]
    [InlineData("submodels(1, 1/3; scaled,rolling)", "submodels(1, 1/3; rolling, scaled)")]
    [InlineData("submodels(1, 1/3; scaled)", "submodels(1, 1/3; scaled)")]
    public void A_line_prints_as_it_reads(string text, string printed)
    {
        Assert.Equal(printed, ExchangeLine.Parse(text).ToString());
        Assert.Equal(MethodNotation.Parse(text), MethodNotation.Parse(printed));
    }

    [Theory]
    [InlineData("submodels", "column 1: submodels needs the capacities that clients have, such as submodels(1, 1/2, 1/4)")]
    [InlineData("submodels(1, 1/2, 2/4)",
        "column 19: '1/2' must be below '1/2', the capacity before it: each stands once, the largest first")]
    [InlineData("submodels(1/4, 1)", "column 16: '1' must be below '1/4'")]
    [InlineData("submodels(0)", "column 11: '0' must be 1 or a fraction above 0 and below it, such as 1/4")]
    [InlineData("submodels(1, 0/4)", "column 14: '0/4' must be 1 or a fraction")]
    [InlineData("submodels(3/2)", "column 11: '3/2' must be 1 or a fraction")]
    [InlineData("submodels(1, 1/2; roling)",
        "column 14: 'roling' must be rolling or scaled, which may stand behind ';', each once")]
    [InlineData("submodels(1; rolling, rolling)",
        "column 23: 'rolling' must be rolling or scaled, which may stand behind ';', each once")]
    [InlineData("submodels(1; rolling; scaled)", "column 11: 'rolling; scaled' must be rolling or scaled")]
    [InlineData("submodels(1; rolling, 1/2)",
        "column 23: '1/2' must be rolling or scaled, which may stand behind ';', each once")]
    [InlineData("submodels(1, by=2)", "'by=2' is not an argument of submodels")]
    public void A_line_that_is_none_says_where(string text, string problem) =>
        Assert.Contains(problem, Assert.Throws<FormatException>(() => ExchangeLine.Parse(text)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Shares_of_channels_are_rounded_up()
    {
        Assert.Equal([4, 1, 1, 3], new[] { 16, 4, 1, 10 }.Select(new Capacity(1, 4).Of));
        Assert.Equal(new Capacity(1, 2).Of(13), new Capacity(1, 4).Of(13, new Capacity(1, 2)));
    }

    // Three clients of weight 1, 3/4 and 1/4: values are divided by the weights that have them alone.
    [Fact]
    public void Each_value_takes_the_mean_of_those_that_have_it()
    {
        var model = Model(new FedAvg(), "pack");
        model.Apply(Sum(model, (0, 1, [1, 2, 3, 4]), (1, 0.75, [5, 6]), (2, 0.25, [9])), [1, 0.75, 0.25], 3);
        Assert.Equal([3.5f, (2 + 4.5f) / 1.75f, 3, 4], model.Exact.ToArray());
        Assert.Equal(model.Exact.ToArray()[..2], model.Broadcasts[1].Published.ToArray());
        Assert.Equal(model.Exact.ToArray()[..1], model.Broadcasts[2].Published.ToArray());
    }

    [Fact]
    public void The_order_of_arrival_changes_no_bit()
    {
        (int, double, float[])[] messages =
            [(0, 0.3, [0.1f, 0.7f, -0.3f, 0.9f]), (3, 0.7, [0.3f, -0.1f, 0.2f, 0.6f]), (1, 0.11, [0.2f, 0.5f]),
                (4, 0.9, [0.4f, 0.3f]), (2, 0.5, [-0.7f])];
        float[][] ends = [.. new[] { messages, [.. messages.Reverse()],
            [messages[2], messages[4], messages[0], messages[3], messages[1]] }.Select(order =>
        {
            var model = Model(new FedAvg(), "pack");
            model.Apply(Sum(model, order), [1, 1.01, 0.5], order.Length);
            return model.Exact.ToArray();
        })];
        Assert.Equal(ends[0], ends[1]);
        Assert.Equal(ends[0], ends[2]);
    }

    [Theory]
    [InlineData("fedavgm")]
    [InlineData("fedadam")]
    public void What_nobody_has_in_a_round_stays_as_it_is_and_its_momentum_with_it(string optimizer)
    {
        var model = Model(optimizer == "fedavgm" ? new FedAvgM() : new FedAdam(0.1), "pack");
        model.Apply(Sum(model, (0, 1, [1, 1, 1, 1])), [1, 0, 0], 1);
        float[] weights = model.Exact.ToArray(), memory = model.Memory.ToArray();
        model.Apply(Sum(model, (1, 1, [1, 1])), [0, 1, 0], 1);
        Assert.Equal(weights[2..], model.Exact.ToArray()[2..]);
        Assert.Equal(memory[(memory.Length / 2)..], model.Memory.ToArray()[(memory.Length / 2)..]);
        Assert.NotEqual(weights[0], model.Exact.Span[0]);
        Assert.NotEqual(memory[0], model.Memory.Span[0]);
    }

    [Fact]
    public void A_window_that_rolls_goes_back_to_where_it_was_cut_from()
    {
        LayoutSlice At(int version) =>
            LayoutSlice.Of(Layout, [("w", 0, version % 4 == 3 ? [0, 3] : [version % 4, (version % 4) + 1])]);
        var plan = Plan("submodels(1, 1/2; rolling)", "uniform(8) | rans") with { Smaller = [new CapacityModel(Half.Part, At)] };
        var model = new GlobalModel(plan, Layout, [1, 2, 3, 4], new FedAvg(), default, 1, 0);
        Assert.Equal([1, 2], model.Broadcasts[1].Published.ToArray());
        for (int version = 0; version < 4; version++)
        {
            var before = model.Exact.ToArray();
            model.Apply(Sum(plan, model, (1, 1, [10, 20])), [0, 1], 1);
            float[] part = new float[2];
            At(version).Gather<float>([.. model.Exact.ToArray().Zip(before, (after, old) => after - old)], part);
            Assert.Equal([10, 20], part);
            Assert.Equal(30, model.Exact.ToArray().Sum() - before.Sum());
            At(version + 1).Gather<float>(model.Exact.Span, part);
            Assert.All(part.Zip(model.Broadcasts[1].Published.ToArray()), pair => Assert.Equal(pair.First, pair.Second, 0.2f));
        }
    }

    [Fact]
    public void Rules_between_capacities_and_the_plan_are_told()
    {
        Assert.Equal("'submodels(1, 1/2, 1/4)' has clients of 3 capacities, so the plan needs 2 models smaller than the "
            + "server's, but has 0.", Assert.Single((Plan("submodels(1, 1/2, 1/4)", "pack") with { Smaller = [] }).Problems()));
        Assert.StartsWith("'submodels(1, 1/2, 1/4)' has 3 capacities, of which each needs a client, but there are 2",
            (Plan("submodels(1, 1/2, 1/4)", "pack") with { Clients = 2, Participants = 2 }).Problems().Single(),
            StringComparison.Ordinal);
        string[] rolling = [.. (Plan("submodels(1, 1/2, 1/4; rolling)", "delta | uniform(8) | rans")
            with { Uplink = Codec.Parse("feedback | uniform(4) | rans") }).Problems()];
        Assert.Contains("cannot send changes", rolling[0], StringComparison.Ordinal);
        Assert.Contains("would add what was left of others", rolling[1], StringComparison.Ordinal);
        var rotated = Codec.Parse("rotate | uniform(4) | rans");
        Assert.Empty((Plan("submodels(1, 1/2, 1/4; rolling)", "uniform(8) | rans") with { Uplink = rotated }).Problems());
        Assert.Empty(Plan("submodels(1, 1/2, 1/4)", "delta | uniform(8) | rans").Problems());
    }

    static FederationPlan Plan(string exchange, string downlink) => new(6, 10, 3, new LocalObjective(1, 1, 0.1),
        Codec.Floats, Codec.Parse(downlink))
    {
        Method = MethodNotation.Parse(exchange),
        NormBound = null,
        Smaller = [new CapacityModel(Half.Part, _ => Half), new CapacityModel(Quarter.Part, _ => Quarter)],
    };

    static GlobalModel Model(ServerOptimizer optimizer, string downlink) =>
        new(Plan("submodels(1, 1/2, 1/4)", downlink), Layout, new float[4], optimizer, default, 1, 0);

    static Compression.Aggregation.ExactSum Sum(GlobalModel model,
        params (int Client, double Weight, float[] Update)[] messages) =>
            Sum(Plan("submodels(1, 1/2, 1/4)", "pack"), model, messages);

    static Compression.Aggregation.ExactSum Sum(FederationPlan plan, GlobalModel model,
        params (int Client, double Weight, float[] Update)[] messages)
    {
        var sum = new RoundSum(plan, Layout, RandomKey.FromSeed(1), 8);
        sum.Begin(new RoundPlan(1, 1, 0, [], default), capacity => model.Broadcasts[capacity].Published);
        foreach (var (client, weight, update) in messages)
        {
            var shape = plan.Answer(plan.ModelsOf(Layout)[plan.Method.CapacityOf(client)].Layout);
            double norm = sum.Add(new RoundPart(1, 1, client), weight,
                new MessageEncoder(shape).Encode(update, default).ToArray());
            Assert.Equal(Math.Sqrt(update.Sum(value => (double)value * value)), norm, 1e-6);
        }

        return sum.Sum;
    }
}
