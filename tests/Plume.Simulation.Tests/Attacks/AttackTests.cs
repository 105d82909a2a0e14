using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Federation.Books;
using Plume.Federation.Learners;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Simulation.Attacks;

namespace Plume.Simulation.Tests.Attacks;

public class AttackTests
{
    static readonly HonestUpdates Honest = new(
    [
        [1, 2, -1], [1.2f, 1.8f, -.9f], [.9f, 2.1f, -1.2f], [1.1f, 1.9f, -1.1f], [.8f, 2.2f, -.8f], [1.05f, 2.05f, -.95f],
    ]);

    [Theory]
    [InlineData("sign", -1.008333333, -2.008333333, .991666667)]
    [InlineData("scale(10)", -10.08333333, -20.08333333, 9.91666667)]
    [InlineData("ipm(0.5)", -.5041666667, -1.0041666667, .4958333333)]
    [InlineData("alie(1.5)", .794002980, 1.794002980, -1.205997020)]
    [InlineData("min-max", .793821574, 1.793821574, -1.206178426)]
    public void An_attack_sends_what_numpy_would(string line, double x, double y, double z)
    {
        var attack = AttackNotation.Parse(line);
        Assert.Equal(line, attack.ToString());
        Assert.Equal([x, y, z], Crafted(attack, client: 3).Select(value => (double)value),
            (expected, actual) => Math.Abs(expected - actual) < 1e-6 * Math.Max(1, Math.Abs(expected)));
    }

    [Fact]
    public void Min_max_keeps_its_bound_and_takes_all_of_it() => Assert.Equal(1.501269582, Honest.MostDeviations, 5);

    [Fact]
    public void Noise_has_the_norm_it_says_and_each_client_draws_its_own()
    {
        float[] one = Crafted(AttackNotation.Parse("noise"), client: 3),
            other = Crafted(AttackNotation.Parse("noise"), client: 4);
        Assert.NotEqual(one, other);
        Assert.Equal(3 * Honest.MeanNorm, Math.Sqrt(one.Sum(value => (double)value * value)), 4);
    }

    [Theory]
    [InlineData("fire", "'fire' is no attack; known are label-flip, sign")]
    [InlineData("scale(0)", "must be above 0")]
    [InlineData("sign | noise", "one attack at a time")]
    [InlineData("label-flip(2)", "is not an argument")]
    public void A_line_with_a_mistake_says_where(string line, string problem) =>
        Assert.Contains(problem, Assert.Throws<FormatException>(() => AttackNotation.Parse(line)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_hostile_client_of_four_ruins_the_mean_and_a_rule_leaves_it_out_whatever_the_threads()
    {
        double honest = LossOf(null, null, 1).Loss;
        Assert.True(LossOf(null, "scale(10)", 1).Loss > 3 * honest);
        var (loss, metrics) = LossOf("multikrum(1)", "scale(10)", 1);
        Assert.InRange(loss, 0, 1.5 * honest);
        Assert.All(metrics, round =>
            Assert.Contains(round.Bounded, note => note.Contains("left the update of client 2 out", StringComparison.Ordinal)));
        Assert.Equal(loss, LossOf("multikrum(1)", "scale(10)", 4).Loss);
    }

    static (double Loss, IReadOnlyList<RoundMetrics> Metrics) LossOf(string? rule, string? attack, int threads)
    {
        var learner = new Blobs(6);
        var attacked = attack is null ? null : new AttackedLearner(learner, AttackNotation.Parse(attack), [2]);
        var plan = new FederationPlan(6, 8, 6, new LocalObjective(1, 1, 0.05), Codec.Floats, Codec.Floats)
        {
            NormBound = null,
            Quorum = 5,
            Rule = rule is null ? null : RobustNotation.Parse(rule),
        };
        using var simulation = new Simulation(
            new SimulationOptions(plan, 5) { Threads = threads, WorksLast = attacked is null ? null : attacked.IsHostile },
            attacked ?? (ILearner)learner, learner, new float[learner.Layout.Length], TimeProvider.System);
        while (simulation.NextRound() is not null)
        {
        }

        return (simulation.Metrics[^1].Loss!.Value, simulation.Metrics);
    }

    static float[] Crafted(Attack attack, int client)
    {
        var update = new float[3];
        attack.Craft(Honest, client, RandomKey.FromSeed((ulong)client), update);
        return update;
    }
}
