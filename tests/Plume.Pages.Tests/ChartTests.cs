using System.Globalization;
using System.Text.RegularExpressions;
using Plume.Pages.Charts;

namespace Plume.Pages.Tests;

public partial class ChartTests
{
    [Fact]
    public void A_name_that_lies_over_no_other_stands_at_its_lines_end()
    {
        var names = NamesOf(("compressed", [(1, 20), (5, 95)]), ("fp32", [(8, 80), (10, 96)]));

        Assert.Equal(HeightOf(95), names["compressed"].Y - 4, 0.06);
        Assert.Equal(HeightOf(96), names["fp32"].Y - 4, 0.06);
    }

    [Fact]
    public void One_that_would_lie_over_another_stands_below_it()
    {
        var names = NamesOf(("compressed", [(1, 20), (10, 95)]), ("fp32", [(1, 30), (10, 96)]));

        Assert.Equal(HeightOf(96), names["fp32"].Y - 4, 0.06);
        Assert.Equal(names["fp32"].Y + 15, names["compressed"].Y, 0.06);
        Assert.Equal(names["fp32"].X, names["compressed"].X);
    }

    [Theory]
    [InlineData(94)]
    // At its own end it would be clear of the long line; where another name puts it, it is not.
    [InlineData(89)]
    public void Where_one_would_hide_a_part_of_a_line_all_stand_in_a_column(double level)
    {
        var names = NamesOf(("one", [(1, 20), (5, 95)]), ("two", [(1, 30), (5, 96)]),
            ("long", [(1, 10), (5.1, level), (8, level), (10, 50)]));

        Assert.Single(names.Values.Select(name => name.X).Distinct());
        Assert.Equal(["two", "one", "long"], names.OrderBy(name => name.Value.Y).Select(name => name.Key));
    }

    // The area is 16 from the top to 44 from the bottom of 320.
    static double HeightOf(double value) => 276 - value / 100 * 260;

    static Dictionary<string, (double X, double Y)> NamesOf(params (string Name, (double X, double Y)[] Points)[] lines)
    {
        var chart = new Chart("Accuracy", "round", new Axis(0, 10, false, value => $"{value}"), new Axis(0, 100, false, value => $"{value}"),
            [.. lines.Select(line => new Series(line.Name, "one", [.. line.Points.Select(point => (point.X, point.Y, ""))]))]);
        return Name().Matches(chart.Svg()).ToDictionary(match => match.Groups[3].Value,
            match => (NumberOf(match.Groups[1]), NumberOf(match.Groups[2])));
    }

    static double NumberOf(Group digits) => double.Parse(digits.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("<text class=\"name one\" x=\"([0-9.]+)\" y=\"([0-9.]+)\">([a-z0-9]+)</text>")]
    private static partial Regex Name();
}
