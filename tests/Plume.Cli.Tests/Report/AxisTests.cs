using Plume.Pages.Charts;

namespace Plume.Cli.Tests.Report;

public class AxisTests
{
    static string Plain(double value) => $"{value:0.###}";

    [Fact]
    public void Marks_stand_at_round_values_and_span_all_values()
    {
        var axis = Axis.Over([0.463, 0.921], Plain);
        Assert.Equal([0.4, 0.6, 0.8, 1.0], axis.Marks.Select(mark => Math.Round(mark, 9)));
        Assert.Equal((0.0, 1.0), (axis.Place(0.4), axis.Place(1.0)));
    }

    [Fact]
    public void One_value_alone_still_gives_an_axis()
    {
        var axis = Axis.Over([0.5], Plain);
        Assert.True(axis.High > axis.Low);
        Assert.InRange(axis.Place(0.5), 0, 1);
        Assert.InRange(axis.Marks.Count(), 2, 12);
    }

    [Theory]
    [InlineData(1_000, 9_000)]
    [InlineData(30_000, 29_000_000)]
    [InlineData(1, 1e12)]
    public void On_a_ratio_axis_equal_ratios_are_equally_far_apart(double low, double high)
    {
        var axis = Axis.Over([low, high], Plain, logarithmic: true);
        Assert.Equal(axis.Place(low * 2) - axis.Place(low), axis.Place(high) - axis.Place(high / 2), 9);
        Assert.InRange(axis.Marks.Count(), 1, 14);
        Assert.All(axis.Marks, mark => Assert.InRange(axis.Place(mark), 0, 1));
    }
}
