using Plume.Pages.Boards;

namespace Plume.Pages.Tests;

public class BoardChartsTests
{
    [Fact]
    public void Before_anything_is_measured_there_are_no_charts() =>
        Assert.Equal("", BoardCharts.Draw([new Board("one"), new Board("other") { Round = 1 }]));

    [Theory]
    [InlineData("R2", "R2 by round")]
    [InlineData("accuracy", "Accuracy by round")]
    public void Charts_are_named_by_what_is_measured(string metric, string title) =>
        Assert.Contains($"<h3>{title}</h3>", BoardCharts.Draw([Measured("one", metric), new Board("not measured")]), StringComparison.Ordinal);

    [Fact]
    public void Charts_of_runs_that_are_measured_differently_name_both() =>
        Assert.Contains("<h3>R2 or accuracy by round</h3>",
            BoardCharts.Draw([Measured("one", "R2"), Measured("other", "accuracy")]), StringComparison.Ordinal);

    static Board Measured(string name, string metric) => new(name)
    {
        Metric = metric,
        History = [new BoardRound(1, 0.5, 1, 10, 10, 1, 3, 0)],
    };
}
