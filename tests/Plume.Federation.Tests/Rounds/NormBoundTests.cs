using System.Collections.Immutable;
using System.Globalization;
using Plume.Compression.Weights;
using Plume.Federation.Methods;
using Plume.Federation.Rounds;

namespace Plume.Federation.Tests.Rounds;

public class NormBoundTests
{
    const double Factor = 4;

    [Fact]
    public void What_is_usual_in_the_first_round_comes_from_the_model_and_later_ones_from_the_rounds_before()
    {
        var host = Run(rounds: 4, client => client + 1);
        // Five clients of norms 1 to 5: the median is 3.
        Assert.Equal([Host.ModelNorm, 3, 3, 3], host.Published.Select(plan => plan.UsualNorm));
        Assert.Empty(host.Bounded);
    }

    [Theory]
    [InlineData(1e3)]
    [InlineData(1e30)]
    public void A_minority_of_huge_updates_does_not_move_the_bound_and_is_named_each_time(double huge)
    {
        var host = Run(rounds: 20, client => client < 2 ? huge : 1);
        Assert.All(host.Published.Skip(1), plan => Assert.Equal(1, plan.UsualNorm));
        Assert.Equal(40, host.Bounded.Count);
        Assert.All(host.Bounded, bounded => Assert.InRange(bounded.Client, 0, 1));
        Assert.Equal($"The update of client {host.Bounded[0].Client} counts as one of norm 2, the usual one in round 1: its "
            + $"own is {huge.ToString("g3", CultureInfo.InvariantCulture)}, above 4 times that.", host.Bounded[0].Message);
    }

    [Fact]
    public void A_bound_follows_honest_updates_that_grow_as_they_would_without_it()
    {
        int round = 0;
        var host = new Host(Plan(rounds: 30)) { NormOf = _ => Math.Pow(1.3, round) };
        host.Tell(new Started());
        for (; round < 30; round++)
            Answer(host);
        Assert.Empty(host.Bounded);
        Assert.Equal(30, host.RoundsApplied.Count);
    }

    [Fact]
    public void Of_two_updates_the_smaller_one_sets_the_bound()
    {
        var plan = Host.Plan(clients: 2, participants: 2, rounds: 3) with { NormBound = new NormBound(Factor) };
        var host = new Host(plan) { NormOf = client => client == 0 ? 1 : 1000 };
        host.Tell(new Started());
        for (int round = 0; round < 3; round++)
            Answer(host);
        Assert.Equal(1, host.Published[^1].UsualNorm);
    }

    [Fact]
    public void Neither_the_order_of_arrival_nor_a_round_that_is_tried_again_changes_a_bound()
    {
        var orders = new[] { new[] { 0, 1, 2, 3, 4 }, [4, 2, 0, 1, 3] }.Select(order =>
        {
            var host = new Host(Plan(rounds: 3) with { Quorum = 5 }) { NormOf = client => 1 + client };
            host.Tell(new Started());
            host.Arrive(order[0]);
            host.PassDeadline();
            while (!host.Finished)
                Array.ForEach(order, client => host.Arrive(client));
            return host.Published.Select(plan => (plan.Round, plan.Attempt, plan.UsualNorm)).ToArray();
        }).ToList();
        Assert.Equal(orders[0], orders[1]);
        Assert.Equal(orders[0][0].UsualNorm, orders[0][1].UsualNorm);
    }

    [Fact]
    public void Without_a_bound_updates_have_any_size()
    {
        var host = new Host(Plan(rounds: 2) with { NormBound = null }) { NormOf = client => client == 0 ? 1e300 : 1 };
        host.Tell(new Started());
        Answer(host);
        Answer(host);
        Assert.Empty(host.Bounded);
        Assert.All(host.Published, plan => Assert.Null(plan.UsualNorm));
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_factor_below_one_is_refused(double factor) =>
        Assert.Equal($"The bound on an update's norm must be 1 or more times the usual one, but is {factor}.",
            Assert.Single((Plan(rounds: 1) with { NormBound = new NormBound(factor) }).Problems()));

    [Fact]
    public void Before_the_first_round_usual_is_the_norm_of_the_model_or_of_freshly_drawn_weights()
    {
        var layout = ModelLayout.Of([("w", [9, 4], TensorRole.Weight), ("b", [9], TensorRole.Bias)]);
        Assert.Equal(3, new Averaging().UsualNorm(layout, new float[45]));
        Assert.Equal(5, new Averaging().UsualNorm(layout, [3, 4, .. new float[43]]), 1e-12);
        Assert.Equal(1, new Averaging().UsualNorm(ModelLayout.Of([("b", [2], TensorRole.Bias)]), new float[2]));
    }

    [Fact]
    public void While_no_update_had_any_size_the_models_norm_stays_usual() =>
        Assert.Equal(2, NormBound.Usual([0, 0, 0], modelNorm: 2));

    [Fact]
    public void Without_a_cap_on_samples_all_updates_weigh_the_same()
    {
        var plan = Plan(rounds: 1) with { SampleCap = null };
        Assert.Equal(1, plan.WeightOf(1));
        Assert.Equal(1, plan.WeightOf(int.MaxValue));
        Assert.Equal(0.5, (plan with { SampleCap = 10 }).WeightOf(5));
    }

    static FederationPlan Plan(int rounds) => Host.Plan(clients: 5, participants: 5, rounds) with
    {
        NormBound = new NormBound(Factor),
    };

    static Host Run(int rounds, Func<int, double> normOf)
    {
        var host = new Host(Plan(rounds)) { NormOf = normOf };
        host.Tell(new Started());
        for (int round = 0; round < rounds; round++)
            Answer(host);
        return host;
    }

    static void Answer(Host host)
    {
        foreach (int client in host.State.Current.Participants.ToImmutableArray())
            host.Arrive(client);
    }
}
