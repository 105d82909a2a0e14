using Plume.Compression.Codecs;
using Plume.Federation.Books;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Tests.Rounds;

public class RateScheduleTests
{
    [Theory]
    [InlineData("constant", 1, 1)]
    [InlineData("constant", 10, 1)]
    [InlineData("cosine", 1, 1)]
    [InlineData("cosine", 6, 0.5)]
    [InlineData("cosine", 10, 0.024471742)]
    [InlineData("step(0.1, 4, 7)", 4, 1)]
    [InlineData("step(0.1, 4, 7)", 5, 0.1)]
    [InlineData("step(0.1, 4, 7)", 8, 0.01)]
    [InlineData("warmup(3)", 1, 0.25)]
    [InlineData("warmup(3)", 4, 1)]
    [InlineData("warmup(2) | cosine", 2, 0.666666667)]
    [InlineData("warmup(2) | cosine", 3, 1)]
    [InlineData("warmup(2) | cosine", 7, 0.5)]
    public void The_rate_follows_the_line(string line, int round, double factor)
    {
        var plan = Plan(line);
        Assert.Equal(0.2 * factor, plan.ObjectiveIn(round).LearningRate, 1e-9);
        Assert.Equal(plan.Schedule, RateSchedule.Parse(plan.Schedule.ToString()));
    }

    [Fact]
    public void A_run_of_another_schedule_is_another_run_and_one_without_is_what_it_was()
    {
        Assert.Equal(RunText.Of(Plan("constant") with { Schedule = RateSchedule.Constant }, new FedAvg(), 1).ToString(),
            RunText.Of(Plan("constant"), new FedAvg(), 1).ToString());
        Assert.DoesNotContain("schedule", RunText.Of(Plan("constant"), new FedAvg(), 1).ToString(), StringComparison.Ordinal);
        Assert.Contains("schedule=warmup(3) | cosine\n", RunText.Of(Plan("warmup( 3 )|cosine"), new FedAvg(), 1).ToString(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("linear", "column 1: 'linear' is no schedule; known are constant, cosine, step, and warmup")]
    [InlineData("cosine | step(0.1, 3)", "column 10: 'step' cannot stand after 'cosine'")]
    [InlineData("warmup", "warmup needs its rounds")]
    [InlineData("step(1.5, 3)", "'1.5' must be above 0 and below 1")]
    [InlineData("step(0.1)", "needs the rounds after which the rate drops")]
    [InlineData("step(0.1, 5, 5)", "column 14: '5' must be an integer from 6")]
    [InlineData("cosine(2)", "'2' is not an argument of cosine")]
    public void A_line_with_a_mistake_is_refused_at_its_place(string line, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => RateSchedule.Parse(line)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_schedule_that_ends_after_the_last_round_is_refused()
    {
        Assert.Contains("until round 10, but there are 10", Assert.Single(Plan("step(0.5, 3, 10)").Problems()),
            StringComparison.Ordinal);
        Assert.Contains("until round 12", Assert.Single(Plan("warmup(12) | cosine").Problems()), StringComparison.Ordinal);
    }

    static FederationPlan Plan(string schedule) => new(4, 10, 2, new LocalObjective(1, 1, 0.2), Codec.Floats, Codec.Floats)
    {
        Schedule = RateSchedule.Parse(schedule),
    };
}
