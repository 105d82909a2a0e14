using System.Globalization;
using System.Text.Json.Nodes;
using Plume.Cli.Terminal;
using Plume.Learning.Leaks;
using Plume.Pages.Charts;

namespace Plume.Cli.Leaks;

/// <summary>What readers recover, side by side: as text and as JSON.</summary>
static class LeakTable
{
    /// <summary>The heads of the table; those of numbers begin with a sign.</summary>
    public static IReadOnlyList<string> Heads(IReadOnlyList<LeakRow> rows) =>
        ["uplink", "who reads", ">bytes", ">AUC", ">found at 1 %",
            .. rows[0].Reconstruction is null ? (string[])[] : [">samples read", ">best error", ">of others'"]];

    /// <summary>The cells of a row, in the order of the heads.</summary>
    public static IReadOnlyList<string> Cells(LeakRow row) =>
        [row.UplinkName, row.ReaderName, row.Reader == Reader.Server ? Quantity.Bytes((long)row.Bytes) : "-",
            WithError(row.Membership.Area, row.Membership.AreaError, "0.000", 1),
            row.Membership.TruePositives is { } share
                ? $"{WithError(share, row.Membership.TruePositivesError, "0.0", 100)} %" : "-",
            .. row is { Reconstruction: { } read, OfOthers: { } others } ? (string[])
            [
                Quantity.Percent(read.Recovered), Number(read.Best, "0.000"), Number(others.Best, "0.000"),
            ] : []];

    /// <summary>The table.</summary>
    public static string Text(IReadOnlyList<LeakRow> rows) => TextTable.Print(Heads(rows), rows.Select(Cells));

    /// <summary>The same as an array of objects.</summary>
    public static JsonArray Json(IReadOnlyList<LeakRow> rows) => [.. rows.Select(row => new JsonObject
    {
        ["uplink"] = row.Reader == Reader.Nobody ? null : $"{row.Line.Uplink}",
        ["noise"] = row.Line.Privacy?.Noise,
        ["reader"] = row.Reader switch { Reader.Models => "models", Reader.Nobody => "nobody", _ => "server" },
        ["reads"] = row.ReaderName,
        ["updates"] = row.Membership.Updates,
        ["samples"] = row.Membership.Samples,
        ["bytes"] = row.Reader == Reader.Server ? Math.Round(row.Bytes) : null,
        ["membership"] = new JsonObject
        {
            ["auc"] = row.Membership.Area,
            ["aucError"] = row.Membership.AreaError,
            ["truePositives"] = row.Membership.TruePositives,
            ["truePositivesError"] = row.Membership.TruePositivesError,
            ["falsePositives"] = MembershipFigures.FalsePositives,
        },
        ["reconstruction"] = row.Reconstruction is { } read ? Json(read) : null,
        ["ofOthers"] = row.OfOthers is { } others ? Json(others) : null,
    })];

    static JsonObject Json(ReconstructionFigures figures) => new()
    {
        ["recovered"] = figures.Recovered,
        ["bestError"] = Finite(figures.Best),
        ["medianError"] = Finite(figures.Median),
        ["peakRatio"] = Finite(figures.PeakRatio),
    };

    static double? Finite(double value) => double.IsFinite(value) ? value : null;

    static string WithError(double value, double? error, string format, double factor) => error is { } width
        ? $"{Number(value * factor, format)} ± {Number(width * factor, format)}" : Number(value * factor, format);

    static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
