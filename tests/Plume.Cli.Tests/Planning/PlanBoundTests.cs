using Plume.Cli.Errors;
using Plume.Cli.Planning;
using Plume.Compression.Codecs;
using Plume.Simulation.Shadows;

namespace Plume.Cli.Tests.Planning;

public class PlanBoundTests
{
    static readonly ShadowLine Line = new(Codec.Floats, Codec.Floats);

    static readonly Prediction[] Lines =
    [
        new(Line, 600, 400, 0.80, null), new(Line, 60, 40, 0.797, null), new(Line, 6, 4, 0.79, null),
        new(Line, 30, 20, 0.78, null),
    ];

    [Theory]
    [InlineData(0.0, 0)]
    [InlineData(0.5, 1)]
    [InlineData(1.5, 2)]
    public void Within_a_loss_the_fewest_bytes_are_taken(double points, int chosen) =>
        Assert.Same(Lines[chosen], new PlanBound(points, null).Choose(Lines, clients: 10));

    [Theory]
    [InlineData(100, 0)]
    [InlineData(10, 1)]
    [InlineData(5, 2)]
    public void Within_bytes_a_client_the_best_accuracy_is_taken(long bytes, int chosen) =>
        Assert.Same(Lines[chosen], new PlanBound(null, bytes).Choose(Lines, clients: 10));

    [Theory]
    [InlineData("100", 1)]
    [InlineData("0.1kB", 1)]
    [InlineData("0.1kB a client", 1)]
    [InlineData("0.1kB a client a month", 1, 40)]
    [InlineData("0.1kB a client a month", 1, 20)]
    [InlineData("0.05kB a client a month", 0.5, 10)]
    [InlineData("0.01kB a client a month", 0.1, 2)]
    public void A_budget_of_a_month_is_for_the_rounds_of_one(string budget, double month, int? roundsAMonth = null)
    {
        var bound = PlanBound.OfBudget(budget, rounds: 20, roundsAMonth);
        Assert.Equal((100L, roundsAMonth is null ? null : month), (bound.ClientBytes, bound.Month));
        Assert.Same(Lines[0], bound.Choose(Lines, clients: 10));
    }

    [Theory]
    [InlineData("2MB a client a month", null, "--budget '2MB a client a month' needs to know how many rounds a month has, which no experiment "
        + "says: add --rounds-a-month 30 where one opens each day.")]
    [InlineData("2MB a client", 30, "--rounds-a-month is for a budget that ends in 'a client a month', but it is '2MB a client'.")]
    [InlineData("2MB", 30, "--rounds-a-month is for a budget that ends in 'a client a month', but it is '2MB'.")]
    [InlineData("much", null, "--budget is a number of bytes such as 40kB, but is 'much'.")]
    [InlineData("2MB the month", 30, "--budget: ")]
    public void A_month_of_which_nobody_says_how_many_rounds_it_has_is_refused(string budget, int? roundsAMonth,
        string problem) =>
        Assert.StartsWith(problem, Assert.Throws<CliException>(() => PlanBound.OfBudget(budget, 20, roundsAMonth)).Message);

    [Fact]
    public void The_table_tells_what_a_month_costs()
    {
        var table = new PlanTable(Lines, Lines[1], clients: 10) { Month = 0.5 };
        Assert.Contains("a month", table.Text(), StringComparison.Ordinal);
        Assert.Contains("A client a month", table.ToPage("mine", ""), StringComparison.Ordinal);
        Assert.Equal(5, (long)table.Json()["chosen"]!["clientMonthBytes"]!);
        Assert.Null(new PlanTable(Lines, Lines[1], clients: 10).Json()["chosen"]!["clientMonthBytes"]);
    }

    [Fact]
    public void Where_no_line_keeps_the_bound_none_is_taken() =>
        Assert.Null(new PlanBound(null, 0).Choose(Lines, clients: 10));

    [Fact]
    public void A_line_is_beaten_by_one_that_costs_less_and_reaches_more()
    {
        Assert.True(Lines[3].IsBeatenBy(Lines[2]));
        Assert.DoesNotContain(Lines, other => Lines[2].IsBeatenBy(other) || Lines[0].IsBeatenBy(other));
    }

    [Fact]
    public void Steps_of_the_lines_follow_the_size_of_updates_and_have_two_digits()
    {
        var lines = CandidateLines.For(0.0123);
        Assert.Equal(["0.0031", "0.0062", "0.012", "0.025"], lines.Select(line => line.Uplink.Text)
            .Where(text => text.Contains("lowrank", StringComparison.Ordinal)).Select(text => text.Split("abs=")[1].Split(')')[0]));
        Assert.Equal("delta | deadzone(abs=0.0078125) | range", lines[^2].Downlink.Text);
    }
}
