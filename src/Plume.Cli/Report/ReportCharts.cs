namespace Plume.Cli.Report;

/// <summary>The two pictures of runs side by side: what was learned by round, and what it cost in bytes.</summary>
static class ReportCharts
{
    /// <summary>Both charts side by side; nothing before the first measurement.</summary>
    /// <param name="tracks">The runs, each with the class of the style sheet that has its colour.</param>
    public static string Pair(IEnumerable<(Track Track, string Style)> tracks)
    {
        var measured = tracks.Where(entry => entry.Track.Accuracy is not null).ToList();
        if (measured.Count == 0)
            return "";
        var byRound = measured.Select(entry => Line(entry.Track, entry.Style, (point, _) => point.Round)).ToList();
        var byBytes = measured.Select(entry => Line(entry.Track, entry.Style, (_, bytes) => bytes)).ToList();
        var accuracy = Axis.Over(Values(byRound, point => point.Y), value => $"{value * 100:0.##} %");
        bool wide = Values(byBytes, point => point.X).Max() > 8 * Values(byBytes, point => point.X).Min();
        var rounds = Chart("Accuracy by round", "round", Axis.Over([0, .. Values(byRound, point => point.X)], value => $"{value:0}"), accuracy, byRound);
        var bytes = Chart("Accuracy by bytes, both directions together", "bytes since the first round",
            Axis.Over(wide ? Values(byBytes, point => point.X) : [0, .. Values(byBytes, point => point.X)], value => Quantity.RoundBytes((long)value), wide), accuracy, byBytes);
        return $"<div class=\"pair\">{rounds}{bytes}</div>\n";
    }

    static string Chart(string title, string xTitle, Axis x, Axis y, IReadOnlyList<Series> series) =>
        Html.Section(title, new Chart(title, xTitle, x, y, series).Svg());

    static IEnumerable<double> Values(IEnumerable<Series> series, Func<(double X, double Y, string Label), double> value) =>
        series.SelectMany(line => line.Points).Select(value);

    static Series Line(Track track, string style, Func<Runs.RoundLine, long, double> x)
    {
        var points = new List<(double, double, string)>();
        long bytes = 0;
        foreach (var round in track.Rounds)
        {
            bytes += round.UplinkBytes + round.DownlinkBytes;
            if (round.Accuracy is { } accuracy)
                points.Add((x(round, bytes), accuracy, $"{track.Name}, round {round.Round}: {Quantity.Percent(accuracy)}, {Quantity.Bytes(bytes)}"));
        }

        return new Series(track.Name, style, points);
    }
}
