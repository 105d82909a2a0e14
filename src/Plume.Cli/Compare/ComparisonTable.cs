using System.Text;
using System.Text.Json.Nodes;
using Plume.Compression.Wording;

namespace Plume.Cli.Compare;

/// <summary>A comparison as text, CSV and JSON. The first row is what the others are compared with.</summary>
static class ComparisonTable
{
    static readonly string[] Columns = ["name", "training", "uplink", "downlink", "seeds", "accuracy", "leastAccuracy", "mostAccuracy", "uplinkBytes", "downlinkBytes", "bothBytes", "secondsPerRound", "shippedAccuracy", "modelBytes"];

    public static string Text(IReadOnlyList<ComparedExperiment> rows) => TextTable.Print(
        ["experiment", ">accuracy", ">from", ">to", ">uplink", ">downlink", ">both ways", "", ">time a round", ">ships"],
        rows.Select(row => (string[])
        [
            row.Name, Quantity.Percent(row.Accuracy.Mean), Quantity.Percent(row.Accuracy.Least), Quantity.Percent(row.Accuracy.Most),
            Quantity.Bytes((long)row.UplinkBytes), Quantity.Bytes((long)row.DownlinkBytes), Quantity.Bytes((long)row.BothBytes), Less(rows, row),
            Quantity.Seconds(row.SecondsPerRound), Ships(row),
        ]));

    /// <summary>How many times fewer bytes than the first row's.</summary>
    public static string Less(IReadOnlyList<ComparedExperiment> rows, ComparedExperiment row) => row == rows[0] ? "" : $"1/{rows[0].BothBytes / row.BothBytes:0.#}";

    /// <summary>What the runs leave.</summary>
    public static string Ships(ComparedExperiment row) =>
        row.Shipped is { } shipped ? $"{Quantity.Bytes((long)row.ModelBytes)}, integers, {Quantity.Percent(shipped.Mean)}" : Quantity.Bytes((long)row.ModelBytes);

    public static string Csv(IReadOnlyList<ComparedExperiment> rows)
    {
        var text = new StringBuilder(string.Join(',', Columns) + "\n");
        foreach (var row in rows)
        {
            var figures = Json(row);
            text.Append(string.Join(',', Columns.Select(column => Quoted(figures[column]))) + "\n");
        }

        return text.ToString();
    }

    public static JsonArray Json(IReadOnlyList<ComparedExperiment> rows) => [.. rows.Select(Json)];

    static JsonObject Json(ComparedExperiment row) => new()
    {
        ["name"] = row.Name,
        ["training"] = row.Training,
        ["uplink"] = row.Uplink,
        ["downlink"] = row.Downlink,
        ["seeds"] = new JsonArray([.. row.Runs.Select(run => (JsonNode)run.Seed)]),
        ["accuracy"] = row.Accuracy.Mean,
        ["leastAccuracy"] = row.Accuracy.Least,
        ["mostAccuracy"] = row.Accuracy.Most,
        ["uplinkBytes"] = row.UplinkBytes,
        ["downlinkBytes"] = row.DownlinkBytes,
        ["bothBytes"] = row.BothBytes,
        ["secondsPerRound"] = row.SecondsPerRound,
        ["shippedAccuracy"] = row.Shipped?.Mean,
        ["modelBytes"] = row.ModelBytes,
    };

    static string Quoted(JsonNode? value) => value switch
    {
        null => "",
        JsonArray seeds => string.Join(' ', seeds.Select(seed => seed!.ToString())),
        JsonValue number when number.GetValueKind() == System.Text.Json.JsonValueKind.Number => number.ToJsonString(),
        _ => $"\"{Printable.Line(value.ToString()).Replace("\"", "\"\"", StringComparison.Ordinal)}\"",
    };
}
