using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Methods;
using Plume.Federation.Methods.Corrections;
using Plume.Federation.Notation;
using Plume.Federation.Rounds;
using Plume.Federation.SecureRounds;

namespace Plume.Federation.Tests.SecureSums;

/// <summary>What a secure sum is of a round's updates.</summary>
public class SecureRoundTests
{
    static readonly ModelLayout Layout = ModelLayout.Of([("w", [60, 40], TensorRole.Weight), ("b", [60], TensorRole.Bias)]);

    static FederationPlan Plan(string uplink) => new(20, 5, 6, new LocalObjective(1, 1, 0.1),
        Codec.Parse(uplink), Codec.Floats)
    { SampleCap = 100, Quorum = 3 };

    static SecureRound RoundOf(FederationPlan plan, RoundPlan round, float step, ReadOnlySpan<float> published) =>
        new(SecureTask.Of(plan, RandomKey.FromSeed(1), round, step), plan.Method, plan.Uplink, Layout, published);

    static readonly RoundPlan Round = new(2, 1, 1, [1, 4, 5, 9, 12, 17], default);

    [Theory]
    [InlineData("uniform(12, shared) | secure")]
    [InlineData("rotate | uniform(12, stochastic, shared) | secure")]
    public void A_sum_through_the_protocol_is_the_plain_sum_and_its_mean_the_weighted_mean(string uplink)
    {
        const float step = 1f / 512;
        var round = RoundOf(Plan(uplink), Round, step, new float[Layout.Length]);
        var encoder = new MessageEncoder(new Averaging().Answer(Layout, round.Uplink));
        var words = new Dictionary<int, uint[]>();
        double[] expected = new double[Layout.Length], weights = [0.25, 1, 0.5, 0.1, 1, 0.75];
        foreach (var (client, wanted) in Round.Participants.Zip(weights))
        {
            double weight = SecureRound.WeightOf(wanted);
            float[] update = [.. Enumerable.Range(0, Layout.Length).Select(i => MathF.Sin(i * (client + 1)) * (float)weight)];
            words[client] = round.WordsOf(encoder.Encode(update, round.Shared, rounding: RandomKey.FromSeed((ulong)client)).Span,
                weight, client);
            for (int i = 0; i < update.Length; i++)
                expected[i] += update[i];
        }

        var session = new Session(round.Terms, Round.Participants, 3);
        uint[] sum = session.Keys().Shares().Masked(client => words[client]).Unmask();
        var plain = new uint[sum.Length];
        foreach (uint[] one in words.Values)
            System.Numerics.Tensors.TensorPrimitives.Add(plain, one, plain);
        round.Terms.Shape.Reduce(plain);
        Assert.Equal(plain, sum);

        var revealed = round.Reveal(sum, 6);
        Assert.Equal(weights.Sum(), revealed.Weight, 1e-4);
        Assert.Equal(Round.Participants.Average(), revealed.Loss, 1e-3);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], revealed.Values[i], 6 * 8 * step);
    }

    // The words of what lives alone, and exactly what single messages say.
    [Theory]
    [InlineData("prune(50%, rounds=1..3)", "uniform(4, shared) | secure", 0.03125f)]
    [InlineData("channels(50%, rounds=1)", "uniform(4, shared) | secure", 0.03125f)]
    [InlineData("averaging", "uniform(6, shared) | secure", 0.03125f)]
    [InlineData("masks(seed=1)", "uniform(1, shared) | secure", 1f)]
    public void A_sum_of_messages_of_a_method_is_that_of_what_they_say_one_by_one(string line, string uplink, float step)
    {
        var plan = Plan(uplink) with { Method = MethodNotation.Parse(line) };
        float[] published = new float[plan.Published(Layout).Length];
        for (int i = 0; i < published.Length; i++)
            published[i] = i < Layout.Length ? 0.5f : i % 2;
        var round = RoundOf(plan, Round, step, published);
        var shape = plan.Method.Answer(Layout, round.Uplink);
        float[] reference = shape.UsesReference ? plan.Method.Reference(Layout, published).ToArray() : [];
        MessageEncoder encoder = new(shape);
        MessageDecoder decoder = new(shape);
        float[] expected = new float[shape.Length], decoded = new float[shape.Length];
        var sum = new uint[round.Terms.Shape.Words];
        foreach (int client in Round.Participants)
        {
            float[] message = [.. Enumerable.Range(0, shape.Length).Select(i => step == 1 ? (i * client + i / 7) % 3 / 2
                : MathF.Sin(i * (client + 1)) * (reference.Length == 0 ? 1 : reference[i]))];
            byte[] payload = encoder.Encode(message, round.Shared, reference: reference).ToArray();
            System.Numerics.Tensors.TensorPrimitives.Add(sum, round.WordsOf(payload, 1, 0), sum);
            decoder.Decode(payload, decoded, round.Shared, reference);
            System.Numerics.Tensors.TensorPrimitives.Add(expected, decoded, expected);
        }

        round.Terms.Shape.Reduce(sum);
        Assert.Equal(expected, round.Reveal(sum, 6).Values);
        Assert.Contains(expected, value => value != 0);
        int alive = reference.Length == 0 ? shape.Length : reference.Count(value => value != 0);
        // Sums of six: of levels -7 to 7 and -31 to 31, and of bits.
        int bits = step == 1 ? 3 : uplink.Contains('4', StringComparison.Ordinal) ? 7 : 9;
        Assert.Equal((alive * bits + 7) / 8 + 12, round.Terms.Shape.Bytes);
    }

    [Fact]
    public void Steps_follow_what_levels_reach_and_come_to_rest()
    {
        const string uplink = "rotate | uniform(4, shared) | secure";
        float step = SecureRound.FirstStep(Plan(uplink), Layout, usualNorm: 500);
        var draws = new RandomDraws(RandomKey.FromSeed(7));
        float[] update = [.. Enumerable.Range(0, Layout.Length).Select(_ => (float)(0.01 * draws.NextNormal()))];
        var steps = new List<float>();
        for (int i = 0; i < 8; i++)
        {
            var round = RoundOf(Plan(uplink), Round with { Round = i + 1 }, step, default);
            var encoder = new MessageEncoder(new Averaging().Answer(Layout, round.Uplink));
            uint[] words = round.WordsOf(encoder.Encode(update, round.Shared).Span, 1, 1);
            steps.Add(step = round.NextStep(round.Reveal(words, 1)));
        }

        Assert.Equal(steps[^2], steps[^1]);
        // The best step of normal values with 15 levels is about a third of their deviation.
        Assert.InRange(steps[^1], 0.01f * 0.28f, 0.01f * 0.42f);
    }

    [Theory]
    [InlineData(4, 1.0)]
    [InlineData(2, 0.01)]
    [InlineData(8, 1e-12)]
    public void A_step_is_the_same_quarter_octave_near_it(int bits, double rootMeanSquare)
    {
        float step = SharedStep.First(rootMeanSquare, bits);
        double wanted = rootMeanSquare / (SharedStep.FillOf(bits) * ((1 << (bits - 1)) - 1));
        Assert.InRange(step / wanted, 0.9, 1.1);
        Assert.Equal(step, SharedStep.Next(step, SharedStep.FillOf(bits), bits));
        Assert.InRange(SharedStep.Next(step, 0, bits) / step, 1 / 8.5f, 1 / 7.5f);
    }

    [Fact]
    public void What_cannot_be_added_up_in_secret_is_refused_before_the_first_round()
    {
        const string uplink = "uniform(4, shared) | secure";
        Assert.Contains("must want 3 updates or more",
            string.Join(" ", (Plan(uplink) with { Participants = 2, Quorum = 2 }).Problems()));
        Assert.Contains("a round needs 3 updates or more", string.Join(" ", (Plan(uplink) with { Quorum = 2 }).Problems()));
        Assert.Contains("'submodels(1, 1/2, 1/4)' clients of each capacity have a secure sum of their own, of 3 or more: let a "
            + "round ask 9 clients", string.Join(" ",
                (Plan(uplink) with { Method = MethodNotation.Parse("submodels(1, 1/2, 1/4)") }).Problems()));
        Assert.Contains("a secure sum is of one part",
            SecureUplink.Misfit(Plan(uplink) with { Method = new Scaffold() }, Layout));
        var norm = ModelLayout.Of([("w", [60, 40], TensorRole.Weight), ("mean", [60], TensorRole.Statistic)]);
        Assert.Contains("Tensor 'mean' is a running statistic", SecureUplink.Misfit(Plan(uplink), norm));
        Assert.Contains("has the levels 0 and 1", string.Join(" ", Plan("uniform(1, shared) | secure").Problems()));
        Assert.Contains("write 'uniform(1, shared) | secure'",
            string.Join(" ", (Plan(uplink) with { Method = MethodNotation.Parse("masks") }).Problems()));
        Assert.Null(SecureUplink.Misfit(Plan(uplink) with { Method = MethodNotation.Parse("prune(50%, rounds=1..3)") }, Layout));
        Assert.Null(SecureUplink.Misfit(Plan("uniform(4) | pack"), norm));
        Assert.Null(SecureUplink.Misfit(Plan(uplink), Layout));
        Assert.Empty(Plan(uplink).Problems());
    }

    [Fact]
    public void A_sum_whose_mean_is_far_above_the_usual_counts_as_a_usual_one()
    {
        var plan = Plan("uniform(4, shared) | secure");
        var large = new RevealedSum([30f, 40f], Weight: 5, Loss: 1, Fill: 0.4);
        var round = Round with { UsualNorm = 2 };
        Assert.Equal(new BoundedSum(large, 1, null), BoundedSum.Of(large, plan, round with { UsualNorm = 4 }));
        var bounded = BoundedSum.Of(large, plan, round);
        Assert.Equal(0.2, bounded.Factor, 1e-12);
        Assert.Equal("The sum of round 2 counts as one of norm 2, the usual one: its mean has 10, above 3 times that.",
            bounded.Note);
        var sum = new Plume.Compression.Aggregation.ExactSum(2, 1);
        bounded.AddTo(sum);
        Assert.Equal([6, 8], sum.Values.ToArray().Select(value => value * sum.Resolution));
        Assert.Throws<Plume.Federation.SecureSums.SumLostException>(() =>
            new BoundedSum(new RevealedSum([1e9f, 0], 1, 1, 1), 1, null).AddTo(sum));
    }

    [Fact]
    public void A_sum_whose_weight_no_clients_can_have_is_lost()
    {
        var round = RoundOf(Plan("uniform(4, shared) | secure"), Round, 1, default);
        var words = new uint[round.Terms.Shape.Words];
        words[^3] = uint.MaxValue;
        Assert.Contains("cannot be that of 6 clients",
            Assert.Throws<Plume.Federation.SecureSums.SumLostException>(() => round.Reveal(words, 6)).Message);
    }
}
