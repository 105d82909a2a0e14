using Plume.Federation.Budgets;

namespace Plume.Simulation.Tests;

// A budget of bytes: what is promised of it, for a table of budgets.
public partial class SimulationTests
{
    static SimulationOptions Budgeted(string budget, string uplink = Auto, string downlink = AutoSums, int rounds = 30) =>
        new(Through(rounds, uplink, downlink) with { Budget = ByteBudget.Parse(budget), Quorum = 2 }, Seed: 3) { Threads = 2 };

    public static TheoryData<string> BytesOfAll => ["15kB", "40kB", "100kB", "200kB", "500kB"];

    public static TheoryData<string> BytesOfEach => ["2.5kB a client", "6kB a client", "15kB a client", "6kB a client a month"];

    [Theory]
    [MemberData(nameof(BytesOfAll))]
    public void A_budget_of_all_clients_is_never_broken_and_used_for_the_most_part(string text)
    {
        var options = Budgeted(text);
        var (metrics, _) = Run(options);
        long spent = metrics.Sum(round => round.UplinkBytes + round.DownlinkBytes);
        Assert.InRange(spent, 0.85 * options.Plan.Budget!.Bytes, options.Plan.Budget.Bytes);
        Assert.Equal(30, metrics.Count);
    }

    [Theory]
    [MemberData(nameof(BytesOfEach))]
    public void A_budget_of_each_client_is_broken_by_none_and_used_for_the_most_part(string text)
    {
        var options = Budgeted(text);
        using var simulation = Simulate(options);
        Finish(simulation);
        long each = options.Plan.Budget!.Bytes;
        Assert.All(simulation.Costs, client => Assert.InRange(client.DownlinkBytes + client.UplinkBytes, 0, each));
        Assert.InRange(simulation.Costs.Sum(client => client.DownlinkBytes + client.UplinkBytes), 0.85 * each * 20, each * 20);
    }

    [Theory]
    [InlineData("40kB", 0.3)]
    [InlineData("6kB a client", 0.3)]
    [InlineData("120kB", 0.6)]
    public void Nor_is_it_where_clients_vanish_updates_are_damaged_and_some_come_too_late(string text, double chance)
    {
        var options = Budgeted(text) with { DropOut = chance, Corruption = 0.1 };
        options = options with { Plan = options.Plan with { OverSelection = 1.5, Attempts = 9 } };
        using var simulation = Simulate(options);
        Finish(simulation);
        long most = options.Plan.Budget!.Bytes, all = simulation.Costs.Sum(client => client.DownlinkBytes + client.UplinkBytes);
        Assert.InRange(simulation.Spending.Total, all, options.Plan.Budget.Scope == BudgetScope.Federation ? most : 20 * most);
        Assert.All(simulation.Costs, client => Assert.InRange(client.DownlinkBytes + client.UplinkBytes, 0, most));
    }

    [Fact]
    public void Without_auto_the_run_ends_before_its_budget_breaks_and_says_why()
    {
        var options = Budgeted("100kB", Sparse, Delta, rounds: 200);
        using var simulation = Simulate(options);
        var metrics = Finish(simulation);
        Assert.InRange(metrics.Count, 10, 199);
        Assert.InRange(metrics.Sum(round => round.UplinkBytes + round.DownlinkBytes), 90_000, 100_000);
        Assert.True(simulation.IsFinished);
        Assert.StartsWith("The budget of 100kB is spent: ", simulation.WhyEnded);
        Assert.All(metrics, round => Assert.Equal((1, 1), (round.Budget!.UplinkFactor, round.Budget.DownlinkFactor)));
    }

    [Fact]
    public void What_a_budget_leaves_goes_into_finer_steps_and_what_it_lacks_into_the_downlinks_first()
    {
        var (poor, _) = Run(Budgeted("15kB"));
        var (rich, _) = Run(Budgeted("500kB"));
        Assert.True(rich[15].Budget!.UplinkFactor < 1 && poor[15].Budget!.UplinkFactor > 1);
        Assert.True(poor.Max(round => round.Budget!.DownlinkFactor) > poor.Max(round => round.Budget!.UplinkFactor));
    }

    [Fact]
    public void A_budget_below_one_round_is_refused_with_the_smallest_that_is_not()
    {
        string refusal = Assert.Throws<ArgumentException>(() => Simulate(Budgeted("0.01kB"))).Message;
        string smallest = refusal.Split("The smallest that does is '")[1].Split('\'')[0];
        var (metrics, _) = Run(Budgeted(smallest));
        Assert.NotEmpty(metrics);
        Assert.InRange(metrics.Sum(round => round.UplinkBytes + round.DownlinkBytes), 1, ByteBudget.Parse(smallest).Bytes);
    }
}
