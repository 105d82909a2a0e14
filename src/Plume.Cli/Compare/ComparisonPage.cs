using Plume.Cli.Report;
using Plume.Pages.Charts;

namespace Plume.Cli.Compare;

/// <summary>
/// A comparison as a page: the tables, and accuracy against rounds, bytes and time on the links, of the first seed.
/// </summary>
static class ComparisonPage
{
    // Colours of the style sheet, one after another; then once more, with dashes.
    const int Colours = 8;

    public static string Render(IReadOnlyList<ComparedExperiment> rows, string subtitle) => Page.Render("Comparison", subtitle,
        Table($"{ReportCharts.Capital(ComparisonColumns.MetricOf(rows))} and bytes", rows, [new("how", row => row.How, IsNumber: false), .. ComparisonColumns.Learned(rows)],
            "Means over the seeds, and the least and the most.")
            + ReportCharts.All(rows.Select((row, place) => (row.FirstTrack, StyleOf(place))), ComparisonColumns.MetricOf(rows))
            + Table("Time, memory, and what ships", rows, rows.Any(row => row.Ships is not null)
            ? [.. ComparisonColumns.Spent(rows), new("ships", row => row.Ships ?? "as it was trained", IsNumber: false)]
            : ComparisonColumns.Spent(rows), "")
            + Table("Codecs", rows, [new("uplink", row => row.Uplink, IsNumber: false),
                new("downlink", row => row.Downlink, IsNumber: false)], ""),
        "Bytes are counted from the payloads that were really encoded, headers and missed rounds included. The worst tenth are "
            + "the clients on whose own training samples what ships is right least often. Latency is for one sample in ONNX "
            + "Runtime, on one thread.");

    static string StyleOf(int place) => $"series{place % Colours + 1}{(place / Colours % 2 == 1 ? " dashed" : "")}";

    static string Table(string title, IReadOnlyList<ComparedExperiment> rows, IReadOnlyList<ComparisonColumn> columns,
        string note) => Html.Section(title, Html.Table(
        ["experiment", .. columns.Select(column => column.Head)],
        [.. rows.Select(row => (Cell[])[row.Name,
            .. columns.Select(column => new Cell(ComparisonColumns.Of(column, row), column.IsNumber))])]), note);
}
