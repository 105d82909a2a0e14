using System.Text;

namespace Plume.Cli.Report;

/// <summary>A line of a chart.</summary>
/// <param name="Name">Stands at the line's end.</param>
/// <param name="Style">Class of the style sheet, which has its colour for light and dark.</param>
/// <param name="Points">From left to right; Label is shown when the pointer rests on the point.</param>
sealed record Series(string Name, string Style, IReadOnlyList<(double X, double Y, string Label)> Points);

/// <summary>A line chart as inline SVG: no script, no font of its own, colours from the style sheet.</summary>
sealed record Chart(string Title, string XTitle, Axis X, Axis Y, IReadOnlyList<Series> Series)
{
    const int Width = 640;
    const int Height = 320;
    const int Left = 52;
    const int Right = 96;
    const int Top = 16;
    const int Bottom = 44;

    /// <summary>The chart as one <c>svg</c> element.</summary>
    public string Svg()
    {
        var svg = new StringBuilder();
        svg.Append($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Html.Text(Title)}\">");
        foreach (double mark in Y.Marks)
            svg.Append($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{AtY(mark)}\" y2=\"{AtY(mark)}\"/>")
                .Append($"<text class=\"mark\" x=\"{Left - 8}\" y=\"{AtY(mark)}\" dy=\"4\" text-anchor=\"end\">{Html.Text(Y.Format(mark))}</text>");
        foreach (double mark in X.Marks)
            svg.Append($"<line class=\"tick\" x1=\"{AtX(mark)}\" x2=\"{AtX(mark)}\" y1=\"{Height - Bottom}\" y2=\"{Height - Bottom + 5}\"/>")
                .Append($"<text class=\"mark\" x=\"{AtX(mark)}\" y=\"{Height - Bottom + 19}\" text-anchor=\"middle\">{Html.Text(X.Format(mark))}</text>");
        svg.Append($"<line class=\"axis\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Height - Bottom}\" y2=\"{Height - Bottom}\"/>")
            .Append($"<text class=\"title\" x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\" text-anchor=\"middle\">{Html.Text(XTitle)}</text>");
        foreach (var series in Series)
            AppendLine(svg, series);
        AppendNames(svg);
        return svg.Append("</svg>").ToString();
    }

    void AppendLine(StringBuilder svg, Series series)
    {
        string path = string.Join(" ", series.Points.Select(point => $"{AtX(point.X)},{AtY(point.Y)}"));
        svg.Append($"<polyline class=\"line {series.Style}\" points=\"{path}\"/>");
        foreach (var (x, y, label) in series.Points)
            svg.Append($"<circle class=\"dot {series.Style}\" cx=\"{AtX(x)}\" cy=\"{AtY(y)}\" r=\"{(series.Points.Count > 60 ? 1.5 : 3)}\"><title>{Html.Text(label)}</title></circle>");
    }

    // Names stand at the lines' ends, moved apart where two ends are close.
    void AppendNames(StringBuilder svg)
    {
        double above = double.NegativeInfinity;
        foreach (var series in Series.OrderByDescending(series => series.Points[^1].Y))
        {
            double y = Math.Max(Place(Y.Place(series.Points[^1].Y)), above + 15);
            above = y;
            svg.Append($"<text class=\"name {series.Style}\" x=\"{Number(NameX(series))}\" y=\"{Number(y + 4)}\">{Html.Text(series.Name)}</text>");
        }

        static double Place(double share) => Height - Bottom - share * (Height - Top - Bottom);
    }

    double NameX(Series series) => Left + X.Place(series.Points[^1].X) * (Width - Left - Right) + 10;

    string AtX(double value) => Number(Left + X.Place(value) * (Width - Left - Right));

    string AtY(double value) => Number(Height - Bottom - Y.Place(value) * (Height - Top - Bottom));

    static string Number(double value) => value.ToString("0.#");
}
