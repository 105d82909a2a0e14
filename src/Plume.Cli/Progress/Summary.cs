using Plume.Cli.Runs;
using Plume.Compression.Wording;
using Plume.Federation.Privacy;
using Plume.Pages.Charts;
using Spectre.Console;

namespace Plume.Cli.Progress;

/// <summary>The table at the end of a run.</summary>
static class Summary
{
    public static void Write(IAnsiConsole console, RunResult result, string folder, string measure)
    {
        var plain = result.Baseline;
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("");
        table.AddColumn(new TableColumn("compressed").RightAligned());
        if (plain is not null)
        {
            table.AddColumn(new TableColumn("fp32").RightAligned());
            table.AddColumn(new TableColumn("").RightAligned());
        }

        Row(table, measure, Quantity.Percent(result.Accuracy), plain is null ? null
            : Quantity.Percent(plain.Accuracy), Points(result, plain));
        if (result.Regression is { } errors)
            Row(table, "mean squared, absolute error", $"{errors.Mse:0.####}, {errors.Mae:0.####}", plain is null ? null : "", "");
        Row(table, "uplink", Quantity.Bytes(result.UplinkBytes), plain is null ? null
            : Quantity.Bytes(plain.UplinkBytes), Less(plain?.UplinkBytes, result.UplinkBytes));
        Row(table, "downlink", Quantity.Bytes(result.DownlinkBytes), plain is null ? null
            : Quantity.Bytes(plain.DownlinkBytes), Less(plain?.DownlinkBytes, result.DownlinkBytes));
        Row(table, "both ways", Quantity.Bytes(Both(result)), plain is null ? null
            : Quantity.Bytes(Both(plain)), Less(plain is null ? null : Both(plain), Both(result)));
        if (result.Refused + (plain?.Refused ?? 0) > 0)
            Row(table, "refused updates", $"{result.Refused}", plain is null ? null : $"{plain.Refused}", "");
        if (result.Bounded + (plain?.Bounded ?? 0) > 0)
            Row(table, "bounded updates", $"{result.Bounded}", plain is null ? null : $"{plain.Bounded}", "");
        if (result.Shipped is { } shipped)
            Row(table, shipped.Line is null ? "shipped integers"
                : "what ships", $"{Quantity.Percent(shipped.Accuracy)}, {Quantity.Bytes(shipped.Bytes)}", plain is null ? null
                : "", "in ONNX Runtime");
        if (result.WorstTenth is { } worst)
            Row(table, "worst tenth of clients", Quantity.Percent(worst), plain is null ? null : "", "");
        if (result.LinkSeconds is { } seconds)
            Row(table, "time on the links", Quantity.Seconds(seconds), plain?.LinkSeconds is { } longer ? Quantity.Seconds(longer)
                : plain is null ? null : "", "");
        if (result.Staleness is { } staleness)
            Row(table, "staleness", $"{staleness:0.00} versions", plain?.Staleness is { } other ? $"{other:0.00} versions"
                : plain is null ? null : "", "");
        if (result.Privacy is { } privacy)
            Row(table, "epsilon spent", $"{DifferentialPrivacy.RoundedUp(privacy.Epsilon)} of {privacy.Budget:0.###}",
                plain is null ? null : "", $"delta {privacy.Delta:0.###e+0}");
        if (result.Budget is { } budget)
            Row(table, "budget spent", $"{Quantity.Bytes(budget.Spent)} of {budget.Budget}", plain is null ? null : "",
                $"{budget.Unused * 100:0.0} % unused");
        Row(table, "time a round", Quantity.Seconds(result.SecondsPerRound), plain is null ? null
            : Quantity.Seconds(plain.SecondsPerRound), "");
        console.Write(table);
        if (result.Planned is { } planned)
            console.WriteLine($"The plan: {measure} {Quantity.Percent(planned.Accuracy)}, up {Quantity.Bytes(planned.UplinkBytes)}, "
                + $"down {Quantity.Bytes(planned.DownlinkBytes)}");
        if (result.Shadows is { } shadows)
            WriteShadows(console, shadows, measure);
        if (result.Privacy is { } promise)
            console.WriteLine(promise.Sentence);
        if (result.Budget is { } kept)
            console.WriteLine(kept.Sentence);
        if (result.Refused + result.Bounded > 0)
            console.WriteLine("Which clients' updates were refused or bounded, and why, is in metrics.jsonl.");
        console.WriteLine($"Report, model and metrics are in {Printable.Line(folder)}");
    }

    // Lines are long: each has a line of its own above its figures.
    static void WriteShadows(IAnsiConsole console, IReadOnlyList<ShadowFigures> shadows, string measure)
    {
        console.WriteLine("The same updates by other lines; clients trained from the model of this run:");
        foreach (var shadow in shadows)
        {
            console.WriteLine($"  {Printable.Line(shadow.Uplink)}; {Printable.Line(shadow.Downlink)}");
            console.WriteLine($"    {measure} {Quantity.Percent(shadow.Accuracy)}, up {Quantity.Bytes(shadow.UplinkBytes)}, down "
                + $"{Quantity.Bytes(shadow.DownlinkBytes)}, model {shadow.Distance * 100:0.0} % apart"
                + (shadow.LinkSeconds is { } seconds ? $", {Quantity.Seconds(seconds)} on the links" : ""));
        }

        console.WriteLine();
    }

    static long Both(RunResult result) => result.UplinkBytes + result.DownlinkBytes;

    static string Points(RunResult result, RunResult? plain) => plain is null ? ""
        : $"{(result.Accuracy - plain.Accuracy) * 100:+0.00;-0.00} points";

    static string Less(long? whole, long part) => whole is { } bytes ? $"{Quantity.Ratio(bytes, part)} less" : "";

    static void Row(Table table, string name, string value, string? plain, string note)
    {
        if (plain is null)
            table.AddRow(name, value);
        else
            table.AddRow(name, value, plain, note);
    }
}
