using Plume.Cli.Report;

namespace Plume.Cli.Compare;

/// <summary>A comparison as a page: the table, and accuracy against rounds and against bytes, of the first seed.</summary>
static class ComparisonPage
{
    // Colours of the style sheet, one after another.
    const int Styles = 8;

    public static string Render(IReadOnlyList<ComparedExperiment> rows, string subtitle) =>
        Page.Render("Comparison", subtitle, Table(rows) + Charts(rows), "Bytes are counted from the payloads that were really encoded, headers and missed rounds included.");

    static string Table(IReadOnlyList<ComparedExperiment> rows) => Html.Section("Side by side", Html.Table(
        ["experiment", "training", "accuracy", "from", "to", "uplink", "downlink", "both ways", "", "time a round", "ships"],
        [.. rows.Select(row => (Cell[])
        [
            row.Name, row.Training, Cell.Number(Quantity.Percent(row.Accuracy.Mean)), Cell.Number(Quantity.Percent(row.Accuracy.Least)), Cell.Number(Quantity.Percent(row.Accuracy.Most)),
            Cell.Number(Quantity.Bytes((long)row.UplinkBytes)), Cell.Number(Quantity.Bytes((long)row.DownlinkBytes)), Cell.Number(Quantity.Bytes((long)row.BothBytes)), Cell.Number(ComparisonTable.Less(rows, row)),
            Cell.Number(Quantity.Seconds(row.SecondsPerRound)), Cell.Number(ComparisonTable.Ships(row)),
        ])]), "Means over the seeds, and the least and the most of the accuracies.");

    static string Charts(IReadOnlyList<ComparedExperiment> rows)
    {
        var byRound = rows.Select((row, place) => Line(row, place, (round, _) => round)).Where(line => line.Points.Count > 0).ToList();
        var byBytes = rows.Select((row, place) => Line(row, place, (_, bytes) => bytes)).Where(line => line.Points.Count > 0).ToList();
        if (byRound.Count == 0)
            return "";
        var accuracy = Axis.Over(byRound.SelectMany(line => line.Points).Select(point => point.Y), value => $"{value * 100:0.##} %");
        var rounds = Axis.Over([0, .. byRound.SelectMany(line => line.Points).Select(point => point.X)], value => $"{value:0}");
        var bytes = Axis.Over(byBytes.SelectMany(line => line.Points).Select(point => point.X), value => Quantity.RoundBytes((long)value), true);
        return $"<div class=\"pair\">{Chart("Accuracy by round", "round", rounds, accuracy, byRound)}{Chart("Accuracy by bytes, both directions together", "bytes since the first round", bytes, accuracy, byBytes)}</div>\n";
    }

    static string Chart(string title, string xTitle, Axis x, Axis y, IReadOnlyList<Series> series) => Html.Section(title, new Chart(title, xTitle, x, y, series).Svg());

    static Series Line(ComparedExperiment row, int place, Func<int, long, double> x)
    {
        var points = new List<(double, double, string)>();
        long bytes = 0;
        foreach (var round in row.Runs[0].Rounds)
        {
            bytes += round.UplinkBytes + round.DownlinkBytes;
            if (round.Accuracy is { } accuracy)
                points.Add((x(round.Round, bytes), accuracy, $"{row.Name}, round {round.Round}: {Quantity.Percent(accuracy)}, {Quantity.Bytes(bytes)}"));
        }

        return new Series(row.Name, $"series{place % Styles + 1}", points);
    }
}
