using System.Net;
using Plume.Cli.Runs;
using Plume.Federation.Books;
using Plume.Federation.Privacy;
using Plume.Learning.Inference.Metrics;
using Plume.Pages.Charts;

namespace Plume.Cli.Report;

/// <summary>The page a run leaves behind.</summary>
static class ReportPage
{
    const int MostClasses = 50;

    /// <summary>The whole page.</summary>
    public static string Render(RunReport report) => Page.Render(
        report.Title,
        report.Subtitle,
        Facts(report) + ReportCharts.All(Tracks(report), report.Measure) + Wire(report) + Privacy(report.Result?.Privacy)
            + Budget(report.Result?.Budget)
            + ShippedSection.Render(report.Result) + Classes(report.Result?.Figures) + Errors(report.Result?.Regression)
            + Planned(report.Result)
            + Shadows(report.Result?.Shadows, report.Measure) + Tensors(report)
            + Files(report) + $"<div class=\"pair\">{Html.Section("Settings", Pairs(report.Settings))}{Html.Section("Made with", Pairs(report.Versions))}</div>\n",
        "Bytes are counted from the payloads that were really encoded, headers included.");

    /// <summary>Its charts of what was learned.</summary>
    public static IReadOnlyList<Chart> Charts(RunReport report) => ReportCharts.Of(Tracks(report), report.Measure);

    static IEnumerable<(Track, string)> Tracks(RunReport report)
    {
        if (report.Baseline is { } plain)
            yield return (plain, "plain");
        yield return (report.Compressed, "plume");
    }

    static string Facts(RunReport report)
    {
        var (run, plain) = (report.Compressed, report.Baseline);
        var facts = new List<(string Name, string Value, string Note)>
        {
            (ReportCharts.Capital(report.Measure), Quantity.Percent(run.Accuracy), plain is null ? ""
                : $"{Quantity.Percent(plain.Accuracy)} with 32-bit floats"),
            ("Uplink", Quantity.Bytes(run.UplinkBytes), plain is null ? "all updates together"
                : $"{Quantity.Ratio(plain.UplinkBytes, run.UplinkBytes)} less than {Quantity.Bytes(plain.UplinkBytes)}"),
            ("Downlink", Quantity.Bytes(run.DownlinkBytes), plain is null ? "missed rounds included"
                : $"{Quantity.Ratio(plain.DownlinkBytes, run.DownlinkBytes)} less than {Quantity.Bytes(plain.DownlinkBytes)}"),
            ("Time a round", Quantity.Seconds(run.SecondsPerRound), plain is null ? $"{run.Rounds.Count} rounds"
                : $"{Quantity.Seconds(plain.SecondsPerRound)} with 32-bit floats"),
        };
        if (run.LinkSeconds is { } seconds)
            facts.Add(("On the links", Quantity.Seconds(seconds), plain?.LinkSeconds is { } longer
                ? $"{Quantity.Seconds(longer)} with 32-bit floats" : $"all {run.Rounds.Count} rounds"));
        if (run.Staleness is { } staleness)
            facts.Add(("Staleness", $"{staleness:0.00}", "versions between an update's own and the one that took it in"));
        if (report.Result?.Privacy is { } privacy)
            facts.Insert(1, ("Epsilon spent", $"{DifferentialPrivacy.RoundedUp(privacy.Epsilon)}",
                $"of {privacy.Budget:0.###}, at delta {privacy.Delta:0.###e+0}"));
        if (report.Result?.WorstTenth is { } worst)
            facts.Insert(1, ("Worst tenth", Quantity.Percent(worst), report.Result.ClientMean is { } mean
                ? $"of clients, on their own samples; the mean of all is {Quantity.Percent(mean)}" : "of clients, on their own samples"));
        if (plain is not null)
            facts.Insert(facts.FindIndex(fact => fact.Name == "Downlink") + 1,
                ("Both ways", Quantity.Ratio(plain.UplinkBytes + plain.DownlinkBytes, run.UplinkBytes + run.DownlinkBytes),
                    "fewer bytes than 32-bit floats"));
        return Page.Facts(facts);
    }

    static string Privacy(PrivacySpent? privacy) => privacy is null ? ""
        : Html.Section("Privacy", $"<p>{WebUtility.HtmlEncode(privacy.Sentence)}</p>\n");

    static string Budget(BudgetReport? budget) => budget is null ? ""
        : Html.Section("Budget", $"<p>{WebUtility.HtmlEncode(budget.Sentence)}</p>\n");

    static string Classes(ClassificationFigures? figures) => figures is null ? ""
        : Html.Section("By class", Html.Table(["class", "samples", "precision", "recall", "F1", "AUC"],
            [
                .. figures.Classes.Take(MostClasses).Select(each => (Cell[])
                [
                    each.Name, Cell.Number($"{each.Samples:N0}"), Cell.Number(Quantity.Percent(each.Precision)),
                    Cell.Number(Quantity.Percent(each.Recall)), Cell.Number($"{each.F1:0.000}"), Cell.Number($"{each.Auc:0.000}"),
                ]),
                ["mean", "", "", "", Cell.Number($"{figures.F1:0.000}"), Cell.Number($"{figures.Auc:0.000}")],
            ]), "What ships, on the test samples. The area under the curve (AUC) is of each class against all others."
                + (figures.Classes.Count > MostClasses ? $" The first {MostClasses} classes; result.json has all." : ""));

    static string Errors(RegressionFigures? figures) => figures is null ? ""
        : Html.Section("Errors", Html.Table(["", "mean squared", "mean absolute", "R2"],
            [["what ships", Cell.Number($"{figures.Mse:0.####}"), Cell.Number($"{figures.Mae:0.####}"), Cell.Number($"{figures.R2:0.0000}")]]),
            "In the units of the numbers to predict, on the test samples, in ONNX Runtime. R2 is 1 less the squared error over that of "
                + "their mean: 1 is perfect, 0 what the mean would do.");

    static string Files(RunReport report) => report.Result is null ? ""
        : Html.Section("Data", "<p>" + string.Join(", ", RunFiles.OfData.Select(name => $"<a href=\"{name}\" download>{name}</a>"))
            + "</p>\n", "Files beside this page; plume export makes tables, event files and charts of them.");

    static string Wire(RunReport report)
    {
        var rows = new List<IReadOnlyList<Cell>>();
        foreach (var track in new[] { report.Compressed, report.Baseline }.OfType<Track>())
        {
            rows.Add(Row(track, "uplink", track.Uplink, track.UplinkBytes, report.Baseline?.UplinkBytes));
            rows.Add(Row(track, "downlink", track.Downlink, track.DownlinkBytes, report.Baseline?.DownlinkBytes));
        }

        return Html.Section("On the wire",
            $"<div class=\"code\">{Html.Table(["", "codec", "bytes", "a round", "to 32-bit floats"], rows)}</div>");
    }

    static Cell[] Row(Track track, string direction, string codec, long bytes, long? plain) =>
    [
        $"{track.Name}, {direction}",
        codec,
        Cell.Number(Quantity.Bytes(bytes)),
        Cell.Number(Quantity.Bytes(bytes / Math.Max(1, track.Rounds.Count))),
        Cell.Number(plain is { } whole ? Quantity.Ratio(whole, bytes) : "-"),
    ];

    static string Planned(RunResult? result) => result?.Planned is not { } plan ? ""
        : Html.Section("Planned and measured", Html.Table(["", result.Metric, "uplink", "downlink"],
            [Figures("planned", plan.Accuracy, plan.UplinkBytes, plan.DownlinkBytes),
                Figures("measured", result.Accuracy, result.UplinkBytes, result.DownlinkBytes)]));

    static Cell[] Figures(string name, double? accuracy, long up, long down) =>
        [name, Cell.Number(Quantity.Percent(accuracy)), Cell.Number(Quantity.Bytes(up)), Cell.Number(Quantity.Bytes(down))];

    static string Shadows(IReadOnlyList<ShadowFigures>? shadows, string metric) => shadows is null ? ""
        : Html.Section("The same updates by other lines", $"<div class=\"code\">{Html.Table(
            ["uplink", "downlink", "up", "down", metric, "apart", "on the links"],
            [.. shadows.Select(shadow => (Cell[])
            [
                shadow.Uplink, shadow.Downlink, Cell.Number(Quantity.Bytes(shadow.UplinkBytes)),
                Cell.Number(Quantity.Bytes(shadow.DownlinkBytes)), Cell.Number(Quantity.Percent(shadow.Accuracy)),
                Cell.Number($"{shadow.Distance * 100:0.0} %"),
                Cell.Number(shadow.LinkSeconds is { } seconds ? Quantity.Seconds(seconds) : "-"),
            ])])}</div>",
            "Each update was really encoded by each line, and made into a model of its own. Clients trained from the model of the "
                + "run, so what a line loses is not made up for by what they learn next. Apart: the distance of its model from the "
                + "run's, to the way that the run's has gone.");

    static string Tensors(RunReport report)
    {
        double uplink = report.Tensors.Sum(tensor => tensor.Values * tensor.UplinkBits);
        double downlink = report.Tensors.Sum(tensor => tensor.Values * tensor.DownlinkBits);
        long values = report.Tensors.Sum(tensor => (long)tensor.Values);
        List<IReadOnlyList<Cell>> rows = [.. report.Tensors.Select(tensor => (Cell[])
        [
            tensor.Name, tensor.Shape, tensor.Role, Cell.Number($"{tensor.Values:N0}"),
            Bits(tensor.UplinkBits, tensor.Values, uplink), Bits(tensor.DownlinkBits, tensor.Values, downlink),
        ])];
        rows.Add(["all", "", "", Cell.Number($"{values:N0}"), Cell.Number($"{uplink / values:0.00}"),
            Cell.Number($"{downlink / values:0.00}")]);
        return values == 0 ? "" : Html.Section("Bits a parameter, by tensor",
            Html.Table(["tensor", "shape", "role", "values", "uplink", "downlink"], rows),
            "In the last round's payloads; the bar is the tensor's share of their bits. Lines without deadzone, auto or secure drop no "
                + "value of biases, normalizations and small tensors, and keep 8 bits or more of each.");
    }

    static Cell Bits(double bits, int values, double whole) => new($"{bits:0.00}", true, bits * values / whole);

    static string Pairs(IReadOnlyList<(string Key, string Value)> pairs) =>
        Html.Table(["", ""], [.. pairs.Select(pair => (Cell[])[pair.Key, pair.Value])])
            .Replace("<thead><tr><th></th><th></th></tr></thead>", "", StringComparison.Ordinal);
}
