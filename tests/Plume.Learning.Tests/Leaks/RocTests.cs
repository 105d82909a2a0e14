using Plume.Learning.Leaks;

namespace Plume.Learning.Tests.Leaks;

public class RocTests
{
    [Theory]
    [InlineData(1, new double[] { 3, 4 }, new double[] { 1, 2 })]
    [InlineData(0, new double[] { 1, 2 }, new double[] { 3, 4 })]
    [InlineData(0.5, new double[] { 7, 7, 7 }, new double[] { 7, 7 })]
    [InlineData(0.4375, new double[] { 1, 2 }, new double[] { 0, 2 - 1e-9, 2, 2 + 1e-9 })]
    [InlineData(0.75, new double[] { 0.8, 0.4 }, new double[] { 0.1, 0.5 })]
    public void The_area_is_the_chance_that_a_member_scores_higher(double area, double[] members, double[] others)
    {
        Assert.Equal(area, Roc.Area(members, others), 12);
        Assert.Equal(area,
            members.Average(member => others.Average(other => member > other ? 1 : member == other ? 0.5 : 0)), 12);
    }

    [Fact]
    public void A_threshold_lets_no_more_of_the_others_through_than_it_may()
    {
        double[] others = [.. Enumerable.Range(0, 250).Select(i => (double)(i % 100))];
        double least = Roc.Threshold(others, 0.01)!.Value;
        Assert.InRange(others.Count(score => score > least), 1, 2);
        Assert.Null(Roc.Threshold(others.AsSpan(0, 99), 0.01));
        Assert.Throws<ArgumentOutOfRangeException>(() => Roc.Threshold([1, 2], 0));
    }

    // Hanley and McNeil, 1982: their radiology example has 51 abnormal and 58 normal cases.
    [Fact]
    public void The_error_of_an_area_is_that_of_the_paper() => Assert.Equal(0.0325, Roc.Error(0.893, 51, 58), 0.002);

    [Fact]
    public void Without_members_there_is_no_curve() =>
        Assert.Contains("0 and 1", Assert.Throws<ArgumentException>(() => Roc.Area([], [1])).Message, StringComparison.Ordinal);

    [Fact]
    public void Scores_of_pairs_lose_their_class_and_their_scale_and_keep_their_order()
    {
        // The second class scores far higher, and in each class the member is ahead.
        var trial = MembershipTrial.Of(3, [2, 102, 4], [1, 101, 0], [0, 1, 0]);
        Assert.Equal(1, Roc.Area(trial.Members, trial.Others));
        Assert.Equal(1, trial.Members.Concat(trial.Others).Average(score => score * score), 12);
        Assert.Equal(0, trial.Members.Sum() + trial.Others.Sum(), 12);
    }

    [Fact]
    public void Figures_are_means_over_clients_and_not_over_updates()
    {
        var figures = MembershipFigures.Of(
        [
            new MembershipTrial(1, [1, 2], [0, 0]), new MembershipTrial(1, [1, 2], [0, 0]),
            new MembershipTrial(1, [1, 2], [0, 0]), new MembershipTrial(2, [0, 0], [0, 0]),
        ]);
        Assert.Equal(0.75, figures.Area, 12);
        Assert.Equal(0.25, figures.AreaError, 12);
        Assert.Null(figures.TruePositives);
        Assert.Equal((4, 8), (figures.Updates, figures.Samples));
    }
}
