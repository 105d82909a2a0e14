using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Methods;
using Plume.Federation.Privacy;
using Plume.Federation.Rounds;
using Plume.Federation.SecureRounds;

namespace Plume.Federation.Tests.SecureSums;

/// <summary>What a secure sum is to which clients add noise.</summary>
public class NoisySumTests
{
    const int Values = 5_000;

    static readonly ModelLayout Layout = ModelLayout.Of([("w", [Values], TensorRole.Weight)]);

    static readonly RoundPlan Round = new(2, 1, 1, [1, 4, 5, 9, 12, 17], default);

    static FederationPlan Plan(string uplink, double noise = 1.5, int quorum = 4) =>
        new(20, 5, 6, new LocalObjective(1, 1, 0.1), Codec.Parse(uplink), Codec.Floats)
        { Quorum = quorum, Privacy = new DifferentialPrivacy(noise, 1e-5, 1000) };

    static SecureTask TaskOf(FederationPlan plan) =>
        SecureTask.Of(plan, RandomKey.FromSeed(1), Round, SecureRound.FirstStep(plan, Layout, 1));

    static SecureRound RoundOf(FederationPlan plan) => new(TaskOf(plan), plan.Method, plan.Uplink, Layout, new float[Values]);

    static uint[] WordsOf(SecureRound round, float[] update, int client)
    {
        byte[] payload = new MessageEncoder(new Averaging().Answer(Layout, round.Uplink))
            .Encode(update, round.Shared, rounding: RandomKey.FromSeed((ulong)client)).ToArray();
        return round.WordsOf(round.WithNoise(payload, SecureRound.SimulatedNoise(RandomKey.FromSeed((ulong)client))), 1, 2.5);
    }

    [Theory]
    [InlineData("clip(2) | rotate | uniform(8, shared) | secure", 4)]
    [InlineData("clip(0.5) | rotate | uniform(4, stochastic, shared) | secure", 6)]
    [InlineData("clip(1) | randk(20%) | rotate | uniform(6, shared) | secure", 3)]
    public void All_but_one_of_a_quorum_add_the_noise_that_is_promised_and_more_contributors_add_more(string uplink, int quorum)
    {
        var plan = Plan(uplink, quorum: quorum);
        var round = RoundOf(plan);
        var session = new Session(round.Terms, Round.Participants, 3);
        // Nobody learned anything.
        uint[] sum = session.Keys().Shares().Masked(client => WordsOf(round, new float[Values], client)).Unmask();
        var revealed = round.Reveal(sum, 6);
        double[] sent = [.. revealed.Values.Where(value => value != 0).Select(value => (double)value)];
        double promised = plan.Privacy!.Noise * plan.ClipNorm!.Value;
        double found = Math.Sqrt(sent.Average(value => value * value)), expected = promised * Math.Sqrt(6.0 / (quorum - 1));
        // The norm is a whole number of levels: of 64 levels up to a sixty-fourth less.
        Assert.Equal(expected, found, expected * (5 / Math.Sqrt(2 * sent.Length) + 1.0 / round.Noise!.Norm));
        Assert.Equal(promised * promised, (quorum - 1) * round.Noise.Variance * round.Task.Step * round.Task.Step,
            promised * promised * 2.0 / round.Noise.Norm);
        Assert.Equal((6.0, 0.0, 0.0), (revealed.Weight, revealed.Loss, revealed.Fill));
        Assert.Equal(round.Task.Step, round.NextStep(revealed));
    }

    [Fact]
    public void A_sum_is_of_levels_and_noise_alone()
    {
        var plan = Plan("clip(2) | rotate | uniform(8, shared) | secure");
        var round = RoundOf(plan);
        Assert.Equal(Values, round.Terms.Shape.Words);
        Assert.Equal(4, round.Terms.Minimum);
        float[] update = [.. Enumerable.Range(0, Values).Select(i => MathF.Sin(i))];
        var sum = new uint[Values];
        foreach (int client in Round.Participants)
            System.Numerics.Tensors.TensorPrimitives.Add(sum, WordsOf(round, update, client), sum);
        round.Terms.Shape.Reduce(sum);
        var revealed = round.Reveal(sum, 6);
        // Six updates of norm 50, clipped to 2 each; the noise is of 1.5 * 2 * sqrt(6 / 3) in each of 5,000 values.
        double along = revealed.Values.Zip(update, (value, one) => value * one).Sum() / Math.Sqrt(Values / 2.0);
        Assert.Equal(12, along, 5 * 4.25);
        Assert.Equal(4.25, Math.Sqrt(revealed.Values.Average(value => (double)value * value)), 0.3);
        // Its mean is far above the clip, and counts as it is.
        Assert.Equal(1, BoundedSum.Of(revealed, plan, Round with { UsualNorm = 2 }).Factor);
    }

    [Fact]
    public void What_is_told_of_noise_is_what_all_agree_on()
    {
        var plan = Plan("clip(2) | rotate | uniform(8, shared) | secure");
        var task = TaskOf(plan);
        SecureRound Told(SecureTask told) => new(told, plan.Method, plan.Uplink, Layout, new float[Values]);
        Assert.NotEqual(Told(task).Terms.Context.ToArray(), Told(task with { Noise = 1 }).Terms.Context.ToArray());
        Assert.Null(Told(task with { Noise = null }).Noise);
        foreach (var bad in (SecureTask[])[task with { Noise = -1 }, task with { Noise = double.NaN }, task with { Step = 1 },
            task with { Noise = 1e9 }])
            Assert.Contains("cannot be added", Assert.Throws<ArgumentException>(() => Told(bad)).Message);
    }

    [Fact]
    public void Levels_too_few_for_noise_are_refused_with_those_that_are_not()
    {
        var small = ModelLayout.Of([("w", [200], TensorRole.Weight)]);
        Assert.Contains("write uniform(5, shared).", SecureRound.Misfit(Plan("clip(1) | uniform(4, shared) | secure"), small));
        Assert.Null(SecureRound.Misfit(Plan("clip(1) | uniform(6, shared) | secure"), small));
        Assert.Null(SecureRound.Misfit(Plan("clip(1) | uniform(4, shared) | secure"), Layout));
        Assert.Contains("write uniform(8, shared)",
            SecureRound.Misfit(Plan("clip(1) | uniform(16, shared) | secure", noise: 40), Layout));
        Assert.Null(SecureRound.Misfit(Plan("clip(1) | uniform(8, shared) | secure", noise: 40), Layout));
    }
}
