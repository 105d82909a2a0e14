using Plume.Cli.Bench.Picture;
using Plume.Pages.Charts;
using ScottPlot;

namespace Plume.Cli.Exports;

/// <summary>A chart of a report as a PNG file: the same lines, axes and marks, drawn on white by ScottPlot.</summary>
static class ChartPicture
{
    const int Width = 960, Height = 540, Scale = 2;
    const float NameSize = 13;

    // Told apart without colours, too.
    static readonly LinePattern[] Patterns =
        [LinePattern.Solid, LinePattern.Dashed, LinePattern.Dotted, LinePattern.DenselyDashed];
    static readonly ScottPlot.Palettes.ColorblindFriendly Palette = new();
    static readonly Color Ink = Color.FromHex("#333333"), Rule = Color.FromHex("#E5E1D8");

    /// <summary>The bytes of the file, with two pixels for one.</summary>
    public static byte[] Png(Chart chart)
    {
        using var plot = new Plot();
        foreach (var (series, place) in chart.Series.Select((series, place) => (series, place)))
            Draw(plot, chart, series, place);
        plot.Title(chart.Title, 16);
        plot.XLabel(chart.XTitle, 14);
        plot.Axes.Title.Label.Bold = plot.Axes.Bottom.Label.Bold = false;
        plot.Axes.Bottom.TickGenerator = Ticks(chart.X);
        plot.Axes.Left.TickGenerator = Ticks(chart.Y);
        plot.Axes.SetLimits(0, 1, 0, 1);
        plot.Axes.Right.FrameLineStyle.IsVisible = plot.Axes.Top.FrameLineStyle.IsVisible = false;
        plot.Grid.XAxisStyle.IsVisible = false;
        plot.Grid.MajorLineColor = Rule;
        plot.Axes.Color(Ink);
        plot.Font.Set(PlotFont.Name);
        var names = plot.ShowLegend(Edge.Right).Legend;
        (names.FontName, names.FontSize, names.FontColor) = (PlotFont.Name, NameSize, Ink);
        (names.OutlineWidth, names.ShadowColor) = (0, Colors.Transparent);
        plot.ScaleFactor = Scale;
        return plot.GetImageBytes(Scale * Width, Scale * Height, ImageFormat.Png);
    }

    // Where things lie is the chart's to say, which knows of logarithms.
    static void Draw(Plot plot, Chart chart, Series series, int place)
    {
        var line = plot.Add.Scatter([.. series.Points.Select(point => chart.X.Place(point.X))],
            (double[])[.. series.Points.Select(point => chart.Y.Place(point.Y))], Palette.GetColor(place));
        (line.LegendText, line.LineWidth, line.LinePattern) = (series.Name, 2, Patterns[place % Patterns.Length]);
        line.MarkerSize = series.Points.Count > 60 ? 0 : 5;
    }

    static ScottPlot.TickGenerators.NumericManual Ticks(Axis axis)
    {
        double[] marks = [.. axis.Marks];
        return new([.. marks.Select(axis.Place)], [.. marks.Select(axis.Format)]);
    }
}
