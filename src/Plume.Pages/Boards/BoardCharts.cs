using System.Text;
using Plume.Pages.Charts;

namespace Plume.Pages.Boards;

/// <summary>
/// Accuracy against rounds, bytes and time, each chart so small that it is read on a phone, and beside the others on a desk.
/// Lines differ in colour and in dashes, and are named in words below.
/// </summary>
static class BoardCharts
{
    // More points than this cannot be told apart, and each is sent to every viewer after every round.
    const int MostPoints = 240;

    const int MostDots = 60;

    /// <summary>Line styles of the style sheet.</summary>
    public const int Styles = 8;

    const int Width = 400, Height = 250;

    /// <summary>The charts of boards together; nothing where none of them was measured.</summary>
    public static string Draw(IReadOnlyList<Board> boards)
    {
        var measured = boards.Where(board => board.Accuracy is not null).ToList();
        if (measured.Count == 0)
            return "";
        string metric = BoardWords.Capital(string.Join(" or ", measured.Select(board => board.Metric).Distinct()));
        return "<div class=\"charts\">"
            + Section($"{metric} by round", "round", measured, value => $"{value:0}", round => 1)
            + Section($"{metric} by bytes", "bytes both ways, since the first round", measured,
                value => Quantity.RoundBytes((long)value), round => round.UplinkBytes + round.DownlinkBytes)
            + Section($"{metric} by time", "time in rounds, since the first", measured, Quantity.RoundSeconds,
                round => round.Seconds)
            + "</div>";
    }

    static string Section(string title, string xTitle, List<Board> boards, Func<double, string> format,
        Func<BoardRound, double> step)
    {
        Series[] lines = [.. boards.Select((board, index) => Line(board, StyleOf(index), step))];
        var points = lines.SelectMany(line => line.Points).ToList();
        var x = Axis.OfGrowth([.. points.Select(point => point.X)],
            [.. lines.Where(line => line.Points.Count > 0).Select(line => line.Points[^1].X)], format);
        var y = Axis.Over(points.Select(point => point.Y), value => $"{value * 100:0.##} %");
        var html = new StringBuilder($"<section class=\"chart\"><h3>{Html.Text(title)}</h3>")
            .Append(new Chart($"{title}: {Summary(boards)}", xTitle, x, y, lines)
            {
                Width = Width,
                Height = Height,
                HasNames = false,
                MostDots = MostDots,
            }.Svg());
        if (boards.Count > 1)
            html.Append(Legend(boards));
        return html.Append("</section>").ToString();
    }

    static string Summary(List<Board> boards) =>
        string.Join(", ", boards.Select(board =>
            $"{board.Name} {Quantity.Percent(board.Accuracy)} after round {board.History[^1].Round}"));

    static string Legend(List<Board> boards) => $"<ul class=\"legend\">{string.Concat(boards.Select((board, index) =>
        "<li><svg class=\"sample\" viewBox=\"0 0 28 8\" aria-hidden=\"true\">"
            + $"<line class=\"line {StyleOf(index)}\" x1=\"1\" x2=\"27\" y1=\"4\" y2=\"4\"/></svg>{Html.Text(board.Name)}</li>"))}</ul>";

    static string StyleOf(int index) => $"line{index % Styles + 1}";

    static Series Line(Board board, string style, Func<BoardRound, double> step)
    {
        var points = new List<(double X, double Y, string Label)>();
        double x = 0;
        foreach (var round in board.History)
        {
            x += step(round);
            if (round.Accuracy is { } accuracy)
                points.Add((x, accuracy, $"{board.Name}, round {round.Round}: {Quantity.Percent(accuracy)}"));
        }

        return new Series(board.Name, style, Thinned(points));
    }

    // Every so many, and the last.
    static List<T> Thinned<T>(List<T> points)
    {
        int every = (points.Count + MostPoints - 1) / MostPoints;
        return every <= 1 ? points : [.. points.Where((_, index) => index % every == 0 || index == points.Count - 1)];
    }
}
