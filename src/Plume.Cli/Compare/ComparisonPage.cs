using Plume.Cli.Report;

namespace Plume.Cli.Compare;

/// <summary>A comparison as a page: the table, and accuracy against rounds and against bytes, of the first seed.</summary>
static class ComparisonPage
{
    // Colours of the style sheet, one after another.
    const int Styles = 8;

    public static string Render(IReadOnlyList<ComparedExperiment> rows, string subtitle) =>
        Page.Render("Comparison", subtitle, Table(rows) + ReportCharts.Pair(rows.Select((row, place) => (row.FirstTrack, $"series{place % Styles + 1}"))), "Bytes are counted from the payloads that were really encoded, headers and missed rounds included.");

    static string Table(IReadOnlyList<ComparedExperiment> rows) => Html.Section("Side by side", Html.Table(
        ["experiment", "training", "accuracy", "from", "to", "uplink", "downlink", "both ways", "", "time a round", "ships"],
        [.. rows.Select(row => (Cell[])
        [
            row.Name, row.Training, Cell.Number(Quantity.Percent(row.Accuracy.Mean)), Cell.Number(Quantity.Percent(row.Accuracy.Least)), Cell.Number(Quantity.Percent(row.Accuracy.Most)),
            Cell.Number(Quantity.Bytes((long)row.UplinkBytes)), Cell.Number(Quantity.Bytes((long)row.DownlinkBytes)), Cell.Number(Quantity.Bytes((long)row.BothBytes)), Cell.Number(ComparisonTable.Less(rows, row)),
            Cell.Number(Quantity.Seconds(row.SecondsPerRound)), Cell.Number(ComparisonTable.Ships(row)),
        ])]), "Means over the seeds, and the least and the most of the accuracies.");
}
