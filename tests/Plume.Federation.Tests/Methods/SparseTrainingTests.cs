using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Methods.Partial;
using Plume.Federation.Models;
using Plume.Federation.Notation;
using Plume.Federation.Participation;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Tests.Methods;

public class SparseTrainingTests
{
    static readonly ModelLayout Layout =
        ModelLayout.Of([("a", [20, 30], TensorRole.Weight), ("bias", [20], TensorRole.Bias), ("small", [3, 5], TensorRole.Weight),
            ("b", [10, 40], TensorRole.Weight)]);

    [Theory]
    [InlineData(5, 0)]
    [InlineData(10, 0.4392)]
    [InlineData(20, 0.8424)]
    [InlineData(30, 0.9)]
    [InlineData(99, 0.9)]
    public void The_share_follows_the_cubic_schedule(int round, double share) =>
        Assert.Equal(share, new SparseTraining(0.9, 5, 30).ShareAfter(round), 1e-12);

    [Theory]
    [InlineData("pack", "feedback | mask | pack")]
    [InlineData("pack", "uniform(4) | rans")]
    [InlineData("delta | deadzone(abs=0.0078125) | range", "feedback | deadzone(abs=0.003) | range")]
    [InlineData("delta | uniform(6) | rans", "feedback | lowrank | deadzone(abs=0.003) | range")]
    public void Just_the_smallest_weights_go_stay_gone_and_are_gone_for_clients_too(string downlink, string uplink)
    {
        var plan = new FederationPlan(4, 12, 2, new LocalObjective(1, 1, 0.1),
            Codec.Parse(uplink), Codec.Parse(downlink))
        {
            Method = MethodNotation.Parse("prune(75%, rounds=2..8)"),
        };
        var model = new GlobalModel(plan, Layout, Some(0), new FedAvgM(), default, threads: 1, historyMemory: 1 << 20);
        var client = new ReceivedModel(plan.Published(Layout), DrawKeys.Downlink(default));
        float[] lived = new float[Layout.Length];
        Array.Fill(lived, 1);
        for (int round = 1; round <= plan.Rounds; round++)
        {
            var sum = new ExactSum(Layout.Length, 1);
            sum.Add(0, Some(round), 0.1);
            byte[] payload = model.Apply(sum, [1], 1)[0];
            foreach (var segment in model.Broadcast.From(client.Version).Segments)
                client.Apply(segment.Kind, segment.From, segment.To, segment.Payload.IsEmpty ? payload : segment.Payload);
            float[] weights = plan.Method.Model(Layout, client.Values).ToArray(),
                live = plan.Method.Reference(Layout, client.Values).ToArray();
            Assert.Equal(model.Weights.ToArray(), weights);
            Assert.Equal((int)Math.Round(1000 * ((SparseTraining)plan.Method).ShareAfter(round)),
                live.Count(value => value == 0));
            Assert.DoesNotContain(weights.Zip(live), pair => pair is { Second: 0, First: not 0 });
            Assert.DoesNotContain(live.Zip(lived), pair => pair is { First: 1, Second: 0 });
            lived = live;
        }

        Assert.Equal(750, lived.Count(value => value == 0));
    }

    [Fact]
    public void An_update_holds_live_weights_alone_and_a_mask_that_stays_costs_next_to_nothing()
    {
        var sparse = MethodNotation.Parse("prune(75%, rounds=1..2)");
        Assert.Equal("feedback | mask | uniform(4) | rans",
            sparse.Answer(Layout, Codec.Parse("feedback | uniform(4) | rans")).Parts[0].Codec.Text);
        Assert.Equal("clip(5) | topk(10%) | pack",
            sparse.Answer(Layout, Codec.Parse("clip(5) | topk(10%) | pack")).Parts[0].Codec.Text);
        var plan = new FederationPlan(1, 9, 1, new LocalObjective(1, 1, 0.1), Codec.Floats,
            Codec.Parse("delta | deadzone(abs=0.0078125) | range"))
        {
            Method = sparse,
        };
        var model = new GlobalModel(plan, Layout, Some(0), new FedAvg(), default, threads: 1, historyMemory: 1 << 20);
        for (int round = 1; round < 4; round++)
            model.Apply(Nothing(), [1], 1);
        Assert.InRange(model.Broadcast.Lengths[2], 1, 80);

        static ExactSum Nothing() => new(Layout.Length, 1);
    }

    [Theory]
    [InlineData(50, 0.256066017)]
    [InlineData(100, 0.15)]
    [InlineData(150, 0.043933983)]
    [InlineData(200, 0)]
    [InlineData(0, 0)]
    [InlineData(201, 0)]
    public void What_regrows_follows_half_a_cosine(int rounds, double share) =>
        Assert.Equal(share, new SparseTraining(0.8, 1, 201, regrow: 0.3).RegrownAfter(1 + rounds), 1e-9);

    // 400 weights of 1. In 100 clients pull apart, in 100 together but less, in the others hardly at all.
    [Theory]
    [InlineData("prune(75%, rounds=1..2, by=saliency)", 100, 0)]
    [InlineData("prune(75%, rounds=1..2)", 0, 100)]
    public void By_saliency_what_matters_to_each_client_lives_though_their_gradients_cancel(string training, int opposite,
        int alike)
    {
        float[] first = [.. Enumerable.Range(0, 400).Select(place => place < 100 ? 1f : place < 200 ? 0.6f : 0.01f)];
        float[] second = [.. Enumerable.Range(0, 400).Select(place => place < 100 ? -1f : place < 200 ? 0.6f : 0.01f)];
        float[] initial = new float[400];
        Array.Fill(initial, 1);
        float[] model = new Given([first, second], [("w", [20, 20])]).Run(training, rounds: 2, initial).Model;
        Assert.Equal((opposite, alike, 0),
            (model[..100].Count(value => value != 0), model[100..200].Count(value => value != 0),
                model[200..].Count(value => value != 0)));
    }

    [Fact]
    public void What_regrows_is_where_the_dead_have_the_largest_gradients_and_the_share_stays_that_of_the_schedule()
    {
        float[] moves = [.. Enumerable.Range(0, 400).Select(place => place < 10 ? 0.5f : 0)],
            initial = [.. Enumerable.Range(0, 400).Select(place => 0.01f + place)];
        var sparse = new SparseTraining(0.5, 1, 5, regrow: 0.3);
        var given = new Given([moves, moves], [("w", [20, 20])]);
        float[] live = given.Run("prune(50%, rounds=1..5)", rounds: 3, initial).Reference,
            regrown = given.Run(sparse.ToString(), rounds: 3, initial).Reference;
        Assert.Equal((225, 225), (live.Sum(), regrown.Sum()));
        Assert.Equal((0, 10), (live[..10].Sum(), regrown[..10].Sum()));
    }

    [Fact]
    public void Ranks_travel_in_the_rounds_after_which_the_mask_changes_alone()
    {
        float[] moves = [.. Enumerable.Range(0, 400).Select(place => 0.01f * place)],
            initial = [.. Enumerable.Range(0, 400).Select(place => 1f + place)];
        foreach (string training in (string[])["prune(50%, rounds=3..5, by=saliency)", "prune(50%, rounds=3..5, regrow=30%)"])
        {
            var given = new Given([moves], [("w", [20, 20])]);
            var plan = given.Plan(training);
            var model = new GlobalModel(plan, given.Layout, initial, new FedAvg(), default, threads: 1, historyMemory: 0);
            var ranked = Enumerable.Range(1, 6).Select(round =>
            {
                var participant = new Participant(given, plan.Method, Codec.Parse("pack"));
                participant.Run(new LocalTask(round, 0, Half(model.Broadcast.Published), plan.Objective, default),
                    new float[Participant.MemoryLength(given, plan.Method, Codec.Parse("pack"))], default);
                return participant.Message[400..].ContainsAnyExcept(0f);
            });
            Assert.Equal([false, false, false, true, true, false], ranked);
        }

        // Every other weight is dead.
        static float[] Half(ReadOnlyMemory<float> published) =>
            [.. published.ToArray().Select((value, place) => place >= 400 ? place % 2 : value)];
    }

    [Theory]
    [InlineData("prune(90%, rounds=1..2, by=size)", "'size' must be magnitude or saliency")]
    [InlineData("prune(90%, rounds=1..2, regrow=100%)", "regrow less than 100%")]
    [InlineData("prune(90%, rounds=1..2, by=saliency, regrow=10%)", "nothing regrows by it")]
    [InlineData("prune", "needs the share")]
    [InlineData("prune(90%)", "needs the rounds")]
    [InlineData("prune(100%, rounds=1..2)", "column 7")]
    [InlineData("prune(90%, rounds=2..2)", "column 12")]
    [InlineData("prune(90%, rounds=0..2)", "must be two rounds")]
    [InlineData("prune(90%, rounds=1..2, slow)", "'slow' is not an argument of prune")]
    public void A_line_with_a_mistake_is_refused_at_its_place(string line, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => MethodNotation.Parse(line)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_schedule_beyond_the_last_round_and_a_model_without_large_weights_are_refused()
    {
        var plan = new FederationPlan(1, 5, 1, new LocalObjective(1, 1, 0.1),
            Codec.Floats, Codec.Floats)
        {
            Method = MethodNotation.Parse("prune(50%, rounds=1..6)"),
        };
        Assert.Contains("until round 6, but there are 5", Assert.Single(plan.Problems()), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => plan.Published(ModelLayout.Of([("w", [3, 4], TensorRole.Weight)])));
    }

    static float[] Some(int seed) =>
        [.. Enumerable.Range(0, Layout.Length).Select(place => MathF.Sin(place * 1.37f + seed * 5.1f) * (1 + place % 7))];
}
