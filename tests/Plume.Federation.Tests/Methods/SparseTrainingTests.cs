using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Methods;
using Plume.Federation.Models;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Tests.Methods;

public class SparseTrainingTests
{
    static readonly ModelLayout Layout = ModelLayout.Of([("a", [20, 30], TensorRole.Weight), ("bias", [20], TensorRole.Bias), ("small", [3, 5], TensorRole.Weight), ("b", [10, 40], TensorRole.Weight)]);

    [Theory]
    [InlineData(5, 0)]
    [InlineData(10, 0.4392)]
    [InlineData(20, 0.8424)]
    [InlineData(30, 0.9)]
    [InlineData(99, 0.9)]
    public void The_share_follows_the_cubic_schedule(int round, double share) => Assert.Equal(share, new SparseTraining(0.9, 5, 30).ShareAfter(round), 1e-12);

    [Theory]
    [InlineData("pack", "feedback | mask | pack")]
    [InlineData("pack", "uniform(4) | rans")]
    [InlineData("delta | deadzone(abs=0.0078125) | range", "feedback | deadzone(abs=0.003) | range")]
    [InlineData("delta | uniform(6) | rans", "feedback | lowrank | deadzone(abs=0.003) | range")]
    public void Just_the_smallest_weights_go_stay_gone_and_are_gone_for_clients_too(string downlink, string uplink)
    {
        var plan = new FederationPlan(4, 12, 2, new LocalObjective(1, 1, 0.1), uplink, downlink) { Method = Method.Parse("prune(75%, rounds=2..8)") };
        var model = new GlobalModel(plan, Layout, Some(0), new FedAvgM(), default, threads: 1, historyMemory: 1 << 20);
        var client = new ReceivedModel(plan.Published(Layout), DrawKeys.Broadcast(default));
        float[] lived = new float[Layout.Length];
        Array.Fill(lived, 1);
        for (int round = 1; round <= plan.Rounds; round++)
        {
            var sum = new ExactSum(Layout.Length, 1);
            sum.Add(0, Some(round), 0.1);
            byte[] payload = model.Apply(sum, 1, 1);
            foreach (var segment in model.Broadcast.From(client.Version).Segments)
                client.Apply(segment.Kind, segment.From, segment.To, segment.Payload.IsEmpty ? payload : segment.Payload);
            float[] weights = plan.Method.Model(Layout, client.Values).ToArray(), live = plan.Method.Reference(Layout, client.Values).ToArray();
            Assert.Equal(model.Weights.ToArray(), weights);
            Assert.Equal((int)Math.Round(1000 * ((SparseTraining)plan.Method).ShareAfter(round)), live.Count(value => value == 0));
            Assert.DoesNotContain(weights.Zip(live), pair => pair is { Second: 0, First: not 0 });
            Assert.DoesNotContain(live.Zip(lived), pair => pair is { First: 1, Second: 0 });
            lived = live;
        }

        Assert.Equal(750, lived.Count(value => value == 0));
    }

    [Fact]
    public void An_update_holds_live_weights_alone_and_a_mask_that_stays_costs_next_to_nothing()
    {
        var sparse = Method.Parse("prune(75%, rounds=1..2)");
        Assert.Equal("feedback | mask | uniform(4) | rans", sparse.Answer(Layout, Codec.Parse("feedback | uniform(4) | rans")).Parts[0].Codec.Text);
        Assert.Equal("clip(5) | topk(10%) | pack", sparse.Answer(Layout, Codec.Parse("clip(5) | topk(10%) | pack")).Parts[0].Codec.Text);
        var plan = new FederationPlan(1, 9, 1, new LocalObjective(1, 1, 0.1), "pack", "delta | deadzone(abs=0.0078125) | range") { Method = sparse };
        var model = new GlobalModel(plan, Layout, Some(0), new FedAvg(), default, threads: 1, historyMemory: 1 << 20);
        for (int round = 1; round < 4; round++)
            model.Apply(Nothing(), 1, 1);
        Assert.InRange(model.Broadcast.Lengths[2], 1, 80);

        static ExactSum Nothing() => new(Layout.Length, 1);
    }

    [Theory]
    [InlineData("prune", "needs the share")]
    [InlineData("prune(90%)", "needs the rounds")]
    [InlineData("prune(100%, rounds=1..2)", "column 7")]
    [InlineData("prune(90%, rounds=2..2)", "column 12")]
    [InlineData("prune(90%, rounds=0..2)", "must be two rounds")]
    [InlineData("prune(90%, rounds=1..2, slow)", "'slow' is not an argument of prune")]
    public void A_line_with_a_mistake_is_refused_at_its_place(string line, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => Method.Parse(line)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_schedule_beyond_the_last_round_and_a_model_without_large_weights_are_refused()
    {
        var plan = new FederationPlan(1, 5, 1, new LocalObjective(1, 1, 0.1), "pack", "pack") { Method = Method.Parse("prune(50%, rounds=1..6)") };
        Assert.Contains("until round 6, but there are 5", Assert.Single(plan.Problems()), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => plan.Published(ModelLayout.Of([("w", [3, 4], TensorRole.Weight)])));
    }

    static float[] Some(int seed) => [.. Enumerable.Range(0, Layout.Length).Select(place => MathF.Sin(place * 1.37f + seed * 5.1f) * (1 + place % 7))];
}
