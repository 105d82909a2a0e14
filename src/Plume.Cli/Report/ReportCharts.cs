using Plume.Cli.Runs;
using Plume.Pages.Charts;

namespace Plume.Cli.Report;

/// <summary>
/// The pictures of runs side by side: what was learned by round, what it cost in bytes, and what time it would take on links.
/// </summary>
static class ReportCharts
{
    /// <summary>The charts, two in a row; nothing before the first measurement.</summary>
    /// <param name="tracks">The runs, each with the class of the style sheet that has its colour.</param>
    /// <param name="measure">What models are measured by, as a word.</param>
    public static string All(IEnumerable<(Track Track, string Style)> tracks, string measure = "accuracy")
    {
        var charts = Of(tracks, measure);
        return charts.Count == 0 ? ""
            : $"<div class=\"pair\">{string.Concat(charts.Select(chart => Html.Section(chart.Title, chart.Svg())))}</div>\n";
    }

    /// <summary>The same as charts. Time has one where a run was given links, and the loss where it was measured.</summary>
    public static IReadOnlyList<Chart> Of(IEnumerable<(Track Track, string Style)> tracks, string measure)
    {
        var measured = tracks.Where(entry => entry.Track.Accuracy is not null).ToList();
        if (measured.Count == 0)
            return [];
        var byRound = Lines(measured, _ => 1);
        var accuracy = Axis.Over(Values(byRound, point => point.Y), value => $"{value * 100:0.##} %");
        var timed = measured.Where(entry => entry.Track.LinkSeconds is not null).ToList();
        List<Chart> charts =
        [
            new($"{Capital(measure)} by round", "round", Rounds(byRound), accuracy, byRound),
            Growing($"{Capital(measure)} by bytes, both directions together", "bytes since the first round",
                Lines(measured, round => round.UplinkBytes + round.DownlinkBytes), accuracy,
                value => Quantity.RoundBytes((long)value)),
        ];
        if (Loss(measured) is { } loss)
            charts.Add(loss);
        if (MacroF1(measured) is { } fairness)
            charts.Add(fairness);
        if (timed.Count > 0)
            charts.Add(Growing($"{Capital(measure)} by time on the links",
                "time since the first round: transfer, and work as measured or declared",
                Lines(timed, round => round.LinkSeconds!.Value), accuracy, Quantity.RoundSeconds));
        return charts;
    }

    /// <summary>A word as a title begins with it.</summary>
    public static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];

    static Chart? Loss(IReadOnlyList<(Track Track, string Style)> measured)
    {
        List<Series> lines = [.. measured.Select(entry => new Series(entry.Track.Name, entry.Style,
            [.. entry.Track.Rounds.Where(round => round.Loss is not null).Select(round => ((double)round.Round, round.Loss!.Value,
                $"{entry.Track.Name}, round {round.Round}: {round.Loss:0.0000}"))]))];
        return lines.TrueForAll(line => line.Points.Count == 0) ? null
            : new("Loss by round", "round", Rounds(lines), Axis.Over(Values(lines, point => point.Y), value => $"{value:0.###}"), lines);
    }

    static Chart? MacroF1(IReadOnlyList<(Track Track, string Style)> measured)
    {
        List<Series> lines = [.. measured.Select(entry => new Series(entry.Track.Name, entry.Style,
            [.. entry.Track.Rounds.Where(round => round.MacroF1 is not null)
                .Select(round => ((double)round.Round, round.MacroF1!.Value,
                $"{entry.Track.Name}, round {round.Round}: {round.MacroF1:0.0000}"))]))];
        return lines.TrueForAll(line => line.Points.Count == 0) ? null
            : new("Macro F1 by round", "round", Rounds(lines), Axis.Over(Values(lines, point => point.Y), value => $"{value:0.###}"), lines);
    }

    // Runs that spend much more than others would leave these no room.
    static Chart Growing(string title, string xTitle, IReadOnlyList<Series> series, Axis accuracy, Func<double, string> format)
    {
        var spent = Values(series, point => point.X).Where(value => value > 0).ToList();
        var x = Axis.OfGrowth(spent, spent, format);
        var shown = x.Logarithmic ? [.. series.Select(line => line with { Points = [.. line.Points.Where(point => point.X > 0)] })
            .Where(line => line.Points.Count > 0)] : series;
        return new(title, xTitle, x, accuracy, shown);
    }

    static Axis Rounds(IReadOnlyList<Series> series) =>
        Axis.Over([0, .. Values(series, point => point.X)], value => $"{value:0}");

    static IEnumerable<double> Values(IEnumerable<Series> series, Func<(double X, double Y, string Label), double> value) =>
        series.SelectMany(line => line.Points).Select(value);

    static List<Series> Lines(IEnumerable<(Track Track, string Style)> tracks, Func<RoundLine, double> step) =>
        [.. tracks.Select(entry => Line(entry.Track, entry.Style, step))];

    static Series Line(Track track, string style, Func<RoundLine, double> step)
    {
        var points = new List<(double, double, string)>();
        long bytes = 0;
        double x = 0, seconds = 0;
        foreach (var round in track.Rounds)
        {
            bytes += round.UplinkBytes + round.DownlinkBytes;
            seconds += round.LinkSeconds ?? 0;
            x += step(round);
            if (round.Accuracy is { } accuracy)
                points.Add((x, accuracy,
                    $"{track.Name}, round {round.Round}: {Quantity.Percent(accuracy)}, "
                        + $"{Quantity.Bytes(bytes)}{(seconds > 0 ? $", {Quantity.Seconds(seconds)}" : "")}"));
        }

        return new Series(track.Name, style, points);
    }
}
