using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Methods;
using Plume.Federation.Models;
using Plume.Federation.Notation;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Tests.Methods;

public class ChannelTrainingTests
{
    static readonly ModelLayout Layout = ModelLayout.Of(
        [("in", [8, 5], TensorRole.Weight), ("in.bias", [8], TensorRole.Bias), ("step", [8], TensorRole.Step),
            ("out", [3, 8, 2], TensorRole.Weight)]);

    [Theory]
    [InlineData("pack", "feedback | uniform(4) | rans")]
    [InlineData("delta | deadzone(abs=0.0078125) | range", "feedback | deadzone(abs=0.003) | range")]
    [InlineData("delta | uniform(6) | rans", "pack")]
    public void Channels_go_after_their_rounds_stay_gone_and_are_gone_for_clients_too(string downlink, string uplink)
    {
        var rows = new Rows();
        var plan = new FederationPlan(4, 9, 2, new LocalObjective(1, 1, 0.1),
            Codec.Parse(uplink), Codec.Parse(downlink))
        {
            Method = MethodNotation.Parse("channels(75%, rounds=2,3,6)").Of(() => rows),
        };
        Assert.Empty(plan.Problems());
        var model = new GlobalModel(plan, Layout, Start(), new FedAvgM(), default, threads: 1, historyMemory: 1 << 20);
        var client = new ReceivedModel(plan.Published(Layout), DrawKeys.Downlink(default));
        int[] left = [8, 8, 6, 4, 4, 4, 2, 2, 2, 2];
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
            // A row of the first tensor has five values, a bias, and three times two in the second; its step stays.
            Assert.Equal((8 - left[round]) * (5 + 1 + 6), live.Count(value => value == 0));
            Assert.DoesNotContain(weights.Zip(live), pair => pair is { Second: 0, First: not 0 });
        }

        Assert.Equal([0.25, 0.5, 0.75], rows.Asked);
    }

    [Fact]
    public void An_update_holds_what_lives_alone_and_clients_ask_for_no_channels()
    {
        var method = MethodNotation.Parse("channels(50%, rounds=1)");
        Assert.Equal("feedback | mask | uniform(4) | rans",
            method.Answer(Layout, Codec.Parse("feedback | uniform(4) | rans")).Parts[0].Codec.Text);
        Assert.Equal("channels(50%, rounds=1)", method.Of(() => new Rows()).ToString());
        Assert.Equal(Layout.Length + 13 + 8 + 8 + 13, method.Published(Layout, Codec.Parse("pack")).Length);
    }

    [Theory]
    [InlineData("channels", "needs the share")]
    [InlineData("channels(50%)", "needs the rounds")]
    [InlineData("channels(100%, rounds=1)", "column 10")]
    [InlineData("channels(50%, rounds=0)", "column 15: '0' must be an integer from 1")]
    [InlineData("channels(50%, rounds=3,3)", "column 24: '3' must be a round after 3")]
    [InlineData("channels(50%, rounds=3, slow)", "'slow' must be an integer")]
    [InlineData("channels(50%, by=norm, rounds=3)", "'by=norm' is not an argument of channels")]
    public void A_line_with_a_mistake_is_refused_at_its_place(string line, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => MethodNotation.Parse(line)).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("channels(50%, rounds=2,9)", 0.9, "until round 9, but there are 5")]
    [InlineData("channels(50%, rounds=2)", 0, "finds no channels that can go")]
    [InlineData("channels(95%, rounds=2)", 0.9, "with one channel of each layer left, 90.0 % of the weights are gone")]
    public void What_cannot_be_reached_is_refused_before_the_first_round(string line, double most, string message)
    {
        var plan = new FederationPlan(1, 5, 1, new LocalObjective(1, 1, 0.1),
            Codec.Floats, Codec.Floats)
        {
            Method = MethodNotation.Parse(line).Of(() => new Rows { MostShare = most }),
        };
        Assert.Contains(message, Assert.Single(plan.Problems()), StringComparison.Ordinal);
        Assert.Contains("must know the model's channels",
            string.Join(' ', (plan with { Method = MethodNotation.Parse(line) }).Problems()), StringComparison.Ordinal);
    }

    static float[] Start()
    {
        float[] values = Some(0);
        values.AsSpan(Layout["step"].Offset, Layout["step"].Length).Fill(0.5f);
        return values;
    }

    static float[] Some(int seed) =>
        [.. Enumerable.Range(0, Layout.Length).Select(place => MathF.Sin(place * 1.37f + seed * 5.1f) * (1 + place % 7))];

    // The first rows stay.
    sealed class Rows : IModelChannels
    {
        public List<double> Asked { get; } = [];

        public double MostShare { get; init; } = 0.9;

        public IReadOnlyList<AxisCut> Without(ReadOnlyMemory<float> weights, double share)
        {
            Asked.Add(share);
            int[] kept = [.. Enumerable.Range(0, (int)(8 * (1 - share)))];
            return [new AxisCut("in", 0, kept), new AxisCut("in.bias", 0, kept), new AxisCut("step", 0, kept),
                new AxisCut("out", 1, kept)];
        }
    }
}
