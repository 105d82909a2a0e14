using System.Globalization;
using System.Text.Json.Nodes;
using Plume.Cli.Terminal;
using Plume.Pages.Charts;

namespace Plume.Cli.Planning;

/// <summary>Predictions as text, as JSON, and as a page. The first line is that of floats.</summary>
/// <param name="lines">What each line is expected to come to.</param>
/// <param name="chosen">The line to take; null where none keeps the bound.</param>
/// <param name="clients">Clients of the federation.</param>
sealed class PlanTable(IReadOnlyList<Prediction> lines, Prediction? chosen, int clients)
{
    /// <summary>The most of the run's rounds that any 30 days have, as a share; null where no month is bounded.</summary>
    public double? Month { get; init; }

    // What text and page say of a line, beside the line itself.
    (string Head, Func<Prediction, string> Cell)[] Figures =>
    [
        ("accuracy", line => Quantity.Percent(line.Accuracy)),
        ("lost", line => string.Create(CultureInfo.InvariantCulture, $"{(lines[0].Accuracy - line.Accuracy) * 100:0.00} points")),
        ("up", line => Quantity.Bytes(line.UplinkBytes)),
        ("down", line => Quantity.Bytes(line.DownlinkBytes)),
        ("less than floats", line => Quantity.Ratio(lines[0].Bytes, line.Bytes)),
        ("a client", line => Quantity.Bytes(line.Bytes / clients)),
        .. Month is { } month
            ? new (string, Func<Prediction, string>)[] { ("a month", line => Quantity.Bytes(MonthBytes(line, month))) } : [],
        .. lines.All(line => line.LinkSeconds is not null)
            ? new (string, Func<Prediction, string>)[] { ("a round", line => Quantity.Seconds(line.LinkSeconds!.Value)) } : [],
    ];

    /// <summary>A row a line, which ends with the line itself.</summary>
    public string Text() => TextTable.Print(["line", .. Figures.Select(figure => $">{figure.Head}"), "uplink; downlink"],
        lines.Select((line, place) => (IReadOnlyList<string>)[Mark(line, place), .. Figures.Select(figure => figure.Cell(line)),
            line.Line.ToString()]));

    public JsonObject Json() => new()
    {
        ["chosen"] = chosen is null ? null : Json(chosen),
        ["lines"] = new JsonArray([.. lines.Select(Json)]),
    };

    public string ToPage(string name, string subtitle) => Page.Render($"A plan for {name}", subtitle,
        Facts() + Picture() + Html.Section("Lines", $"<div class=\"code\">{Html.Table(
            ["line", "uplink; downlink", .. Figures.Select(figure => figure.Head)],
            [.. lines.Select((line, place) => (Cell[])[Mark(line, place), line.Line.ToString(),
                .. Figures.Select(figure => Cell.Number(figure.Cell(line)))])])}</div>",
            "A line with * costs less than any that reaches as much; > is the one to take."),
        "Bytes are those of payloads that were really encoded, of the updates of a probe that trained by floats. Accuracy is that "
            + "of the model that they make, corrected by what two participants a round learn from it.");

    string Facts() => chosen is null ? "" : Page.Facts(
    [
        ("Accuracy", Quantity.Percent(chosen.Accuracy), $"{Quantity.Percent(lines[0].Accuracy)} with 32-bit floats"),
        ("Both ways", Quantity.Bytes(chosen.Bytes),
            $"{Quantity.Ratio(lines[0].Bytes, chosen.Bytes)} less than {Quantity.Bytes(lines[0].Bytes)}"),
        ("A client", Quantity.Bytes(chosen.Bytes / clients), "in the mean, the whole run"),
        .. Month is { } month ? new[] { ("A client a month", Quantity.Bytes(MonthBytes(chosen, month)), "in the mean") } : [],
    ]);

    string Picture()
    {
        var front = lines.Where(IsOnFront).OrderBy(line => line.Bytes).ToList();
        List<Series> series = [new("", "plume", [.. front.Select(Point)]),
            .. lines.Select((line, place) => new Series("", IsOnFront(line) ? "plume" : "plain", [Point(line)])
            {
                Marks = [$"{place}"],
            })];
        var x = Axis.Over(lines.Select(line => (double)line.Bytes), value => Quantity.RoundBytes((long)value), logarithmic: true);
        var y = Axis.Over(lines.Select(line => line.Accuracy), value => $"{value * 100:0.##} %");
        var chart = new Chart("Accuracy by bytes, both directions together", "bytes of the whole run, all clients together", x, y,
            series)
        {
            HasNames = false,
        };
        return Html.Section("Accuracy by bytes", chart.Svg(), "Numbers are those of the table.");
    }

    static (double, double, string) Point(Prediction line) => (line.Bytes, line.Accuracy,
        $"{line.Line}: {Quantity.Percent(line.Accuracy)}, {Quantity.Bytes(line.Bytes)}");

    bool IsOnFront(Prediction line) => !lines.Any(line.IsBeatenBy);

    string Mark(Prediction line, int place) => $"{place}{(line == chosen ? " >" : IsOnFront(line) ? " *" : "")}";

    long MonthBytes(Prediction line, double month) => (long)(line.Bytes * month / clients);

    JsonObject Json(Prediction line)
    {
        var figures = Numbers(line);
        if (Month is { } month)
            figures["clientMonthBytes"] = MonthBytes(line, month);
        return figures;
    }

    static JsonObject Numbers(Prediction line) => new()
    {
        ["uplink"] = line.Line.Uplink.Text,
        ["downlink"] = line.Line.Downlink.Text,
        ["accuracy"] = line.Accuracy,
        ["uplinkBytes"] = line.UplinkBytes,
        ["downlinkBytes"] = line.DownlinkBytes,
        ["linkSecondsPerRound"] = line.LinkSeconds,
    };
}
