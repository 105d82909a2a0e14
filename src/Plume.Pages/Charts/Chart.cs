using System.Text;

namespace Plume.Pages.Charts;

/// <summary>A line of a chart.</summary>
/// <param name="Name">Stands at the line's end.</param>
/// <param name="Style">Class of the style sheet, which has its colour for light and dark.</param>
/// <param name="Points">From left to right; Label is shown when the pointer rests on the point.</param>
sealed record Series(string Name, string Style, IReadOnlyList<(double X, double Y, string Label)> Points)
{
    /// <summary>What stands above each point; empty where nothing does.</summary>
    public IReadOnlyList<string> Marks { get; init; } = [];
}

/// <summary>A line chart as inline SVG: no script, no font of its own, colours from the style sheet.</summary>
sealed record Chart(string Title, string XTitle, Axis X, Axis Y, IReadOnlyList<Series> Series)
{
    const int Left = 52;
    const int LeastRight = 96;
    const int MostRight = 220;
    const int LetterWidth = 8;
    const int LineHeight = 15;
    const int MostAtEnds = 6;
    const int SampleLength = 22;
    const int NamelessRight = 18;
    const int Top = 16;
    const int Bottom = 44;

    /// <summary>Units from left to right, of which a letter is about seven wide.</summary>
    public int Width { get; init; } = 640;

    /// <summary>Units from top to bottom.</summary>
    public int Height { get; init; } = 320;

    /// <summary>Whether lines are named in the chart; without it they are where it stands.</summary>
    public bool HasNames { get; init; } = true;

    /// <summary>A line of more points has no dots.</summary>
    public int MostDots { get; init; } = int.MaxValue;

    // Whether names stand in a column at the right: those of many lines, and those that would hide a part of another line.
    bool IsColumn { get; set; }

    int Right { get; set; }

    /// <summary>The chart as one <c>svg</c> element.</summary>
    public string Svg()
    {
        Right = HasNames ? RightOf(Series, isColumn: false) : NamelessRight;
        IsColumn = HasNames && (Series.Count > MostAtEnds || NamesAtEnds().Any(name => Series.Any(other =>
            !ReferenceEquals(other, name.Series) && Hides(name.Series, name.Level, other))));
        Right = IsColumn ? RightOf(Series, isColumn: true) : Right;
        var svg = new StringBuilder();
        svg.Append($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Html.Text(Title)}\">");
        foreach (double mark in Y.Marks)
            svg.Append($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{AtY(mark)}\" y2=\"{AtY(mark)}\"/>")
                .Append($"<text class=\"mark\" x=\"{Left - 8}\" y=\"{AtY(mark)}\" dy=\"4\" "
                    + $"text-anchor=\"end\">{Html.Text(Y.Format(mark))}</text>");
        foreach (double mark in X.Marks)
            svg.Append($"<line class=\"tick\" x1=\"{AtX(mark)}\" x2=\"{AtX(mark)}\" y1=\"{Height - Bottom}\" "
                + $"y2=\"{Height - Bottom + 5}\"/>")
                .Append($"<text class=\"mark\" x=\"{AtX(mark)}\" y=\"{Height - Bottom + 19}\" "
                    + $"text-anchor=\"middle\">{Html.Text(X.Format(mark))}</text>");
        svg.Append($"<line class=\"axis\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Height - Bottom}\" "
            + $"y2=\"{Height - Bottom}\"/>")
            .Append($"<text class=\"title\" x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\" "
                + $"text-anchor=\"middle\">{Html.Text(XTitle)}</text>");
        foreach (var series in Series)
            AppendLine(svg, series);
        if (HasNames)
            AppendNames(svg);
        return svg.Append("</svg>").ToString();
    }

    void AppendLine(StringBuilder svg, Series series)
    {
        string path = string.Join(" ", series.Points.Select(point => $"{AtX(point.X)},{AtY(point.Y)}"));
        svg.Append($"<polyline class=\"line {series.Style}\" points=\"{path}\"/>");
        foreach (var (x, y, label) in series.Points.Count > MostDots ? [] : series.Points)
            svg.Append($"<circle class=\"dot {series.Style}\" cx=\"{AtX(x)}\" cy=\"{AtY(y)}\" "
                + $"r=\"{(series.Points.Count > 60 ? 1.5 : 3)}\"><title>{Html.Text(label)}</title></circle>");
        foreach (var ((x, y, _), mark) in series.Points.Zip(series.Marks))
            svg.Append($"<text class=\"name {series.Style}\" x=\"{AtX(x)}\" y=\"{AtY(y)}\" dy=\"-8\" "
                + $"text-anchor=\"middle\">{Html.Text(mark)}</text>");
    }

    void AppendNames(StringBuilder svg)
    {
        foreach (var (series, level) in IsColumn ? NamesInColumn() : NamesAtEnds())
        {
            double x = IsColumn ? Width - Right + SampleLength + 18 : NameX(series);
            if (IsColumn)
                svg.Append($"<line class=\"line {series.Style}\" x1=\"{Number(x - SampleLength - 6)}\" x2=\"{Number(x - 6)}\" "
                    + $"y1=\"{Number(level)}\" y2=\"{Number(level)}\"/>");
            svg.Append($"<text class=\"name {series.Style}\" x=\"{Number(x)}\" "
                + $"y=\"{Number(level + 4)}\">{Html.Text(series.Name)}</text>");
        }
    }

    double Spacing => Math.Min(LineHeight, (double)(Height - Top - Bottom) / Series.Count);

    IEnumerable<Series> FromTheTop => Series.OrderByDescending(series => series.Points[^1].Y);

    // Of many lines, one below the other at the right.
    IEnumerable<(Series Series, double Level)> NamesInColumn() =>
        FromTheTop.Select((series, index) => (series, Top + (index + 0.5) * Spacing));

    // At the lines' ends, below another where it would lie over that.
    List<(Series Series, double Level)> NamesAtEnds()
    {
        var names = new List<(Series Series, double Level)>();
        foreach (var series in FromTheTop)
        {
            double level = LevelOf(series.Points[^1].Y);
            foreach (var (other, taken) in names)
            {
                if (NameX(series) <= NameEnd(other) && NameX(other) <= NameEnd(series))
                    level = Math.Max(level, taken + Spacing);
            }

            names.Add((series, level));
        }

        return names;
    }

    // Room for the longest name beside a line that ends at the right.
    static int RightOf(IReadOnlyList<Series> series, bool isColumn) => Math.Clamp(20
        + LetterWidth * series.Max(line => line.Name.Length) + (isColumn ? SampleLength + 8 : 0), LeastRight, MostRight);

    // Whether a name at that level would lie over another line, of which each piece counts as the box around it.
    bool Hides(Series named, double level, Series other) => other.Points.Zip(other.Points.Skip(1)).Any(piece =>
        ColumnOf(piece.First.X) <= NameEnd(named) && ColumnOf(piece.Second.X) >= NameX(named)
        && Math.Min(LevelOf(piece.First.Y), LevelOf(piece.Second.Y)) <= level + LineHeight / 2
        && Math.Max(LevelOf(piece.First.Y), LevelOf(piece.Second.Y)) >= level - LineHeight / 2);

    double NameX(Series series) => ColumnOf(series.Points[^1].X) + 10;

    double NameEnd(Series series) => NameX(series) + LetterWidth * series.Name.Length;

    double ColumnOf(double value) => Left + X.Place(value) * (Width - Left - Right);

    double LevelOf(double value) => Height - Bottom - Y.Place(value) * (Height - Top - Bottom);

    string AtX(double value) => Number(ColumnOf(value));

    string AtY(double value) => Number(LevelOf(value));

    static string Number(double value) => value.ToString("0.#");
}
