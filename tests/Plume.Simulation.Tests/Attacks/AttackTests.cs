using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Books;
using Plume.Federation.Learners;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Federation.SecureRounds;
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

    [Theory]
    [InlineData(-1)]
    [InlineData(-10)]
    public void Hostile_clients_in_one_secure_sum_of_five_do_not_move_the_median_of_groups_and_stop_the_mean(float times)
    {
        double honest = LossInSecret("groups(5) | median", 1).Loss;
        Assert.InRange(LossInSecret("groups(5) | median", times).Loss, 0, 1.1 * honest);
        Assert.InRange(LossInSecret(null, times).Loss, 1.2 * honest, 100);
    }

    [Fact]
    public void A_rule_names_the_group_that_it_leaves_out() =>
        Assert.All(LossInSecret("groups(5) | multikrum(1)", -10, rounds: 2).Metrics, round =>
            Assert.StartsWith("'groups(5) | multikrum(1)' left the mean of group 2 (clients ", round.Bounded.Single(),
                StringComparison.Ordinal));

    // Three of fifteen multiply their updates: those of one group, whoever that is in each round.
    static (double Loss, IReadOnlyList<RoundMetrics> Metrics) LossInSecret(string? rule, float times, int rounds = 10)
    {
        var plan = new FederationPlan(15, rounds, 15, new LocalObjective(1, 1, 0.05),
            Codec.Parse("uniform(6, shared) | secure"), Codec.Floats)
        {
            NormBound = null,
            Quorum = 15,
            Rule = RobustNotation.Parse("groups(5) | median"),
        };
        var blobs = new Blobs(15);
        var learner = new InOneGroup(blobs, times, round => SumGroups.Of(plan, RandomKey.FromSeed(5),
            new RoundPlan(round, 1, round - 1, [.. Enumerable.Range(0, 15)], default))[1]);
        using var simulation = new Simulation(
            new SimulationOptions(plan with { Rule = rule is null ? null : RobustNotation.Parse(rule) }, Seed: 5), learner, blobs,
            new float[blobs.Layout.Length], TimeProvider.System);
        while (simulation.NextRound() is not null)
        {
        }

        return (simulation.Metrics[^1].Loss!.Value, simulation.Metrics);
    }

    sealed class InOneGroup(Blobs honest, float times, Func<int, IReadOnlyList<int>> hostileIn) : ILearner
    {
        public ModelLayout Layout => honest.Layout;

        public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
        {
            var outcome = honest.Train(task, trained, cancellation);
            for (int i = 0; i < trained.Length && hostileIn(task.Round).Contains(task.Client); i++)
                trained[i] = task.Received.Span[i] + times * (trained[i] - task.Received.Span[i]);
            return outcome;
        }
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
