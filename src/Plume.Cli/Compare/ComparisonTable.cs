using System.Text;
using System.Text.Json.Nodes;
using Plume.Cli.Terminal;
using Plume.Compression.Wording;

namespace Plume.Cli.Compare;

/// <summary>A comparison as text, CSV and JSON. The first row is what the others are compared with.</summary>
static class ComparisonTable
{
    static readonly string[] Columns =
    [
        "name", "exchange", "training", "uplink", "downlink", "ships", "seeds", "accuracy", "leastAccuracy", "mostAccuracy",
        "worstTenth", "uplinkBytes", "downlinkBytes", "bothBytes",
        "linkSeconds", "secondsPerRound", "clientSeconds", "peakMemoryBytes", "shippedAccuracy", "modelBytes", "plumeBytes",
        "latencyMicroseconds", "metric",
    ];

    /// <summary>Two tables one under the other, of which each fits a terminal.</summary>
    public static string Text(IReadOnlyList<ComparedExperiment> rows) =>
        $"{Text(rows, ComparisonColumns.Learned(rows))}\n{Text(rows, ComparisonColumns.Spent(rows))}";

    static string Text(IReadOnlyList<ComparedExperiment> rows, IReadOnlyList<ComparisonColumn> columns) => TextTable.Print(
        ["experiment", .. columns.Select(column => column.IsNumber ? $">{column.Head}" : column.Head)],
        rows.Select(row => (string[])[row.Name, .. columns.Select(column => ComparisonColumns.Of(column, row))]));

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
        ["exchange"] = row.Exchange,
        ["training"] = row.Training,
        ["uplink"] = row.Uplink,
        ["downlink"] = row.Downlink,
        ["ships"] = row.Ships,
        ["seeds"] = new JsonArray([.. row.Runs.Select(run => (JsonNode)run.Seed)]),
        ["accuracy"] = row.Accuracy.Mean,
        ["leastAccuracy"] = row.Accuracy.Least,
        ["mostAccuracy"] = row.Accuracy.Most,
        ["worstTenth"] = row.WorstTenth,
        ["uplinkBytes"] = row.UplinkBytes,
        ["downlinkBytes"] = row.DownlinkBytes,
        ["bothBytes"] = row.BothBytes,
        ["linkSeconds"] = row.LinkSeconds,
        ["secondsPerRound"] = row.SecondsPerRound,
        ["clientSeconds"] = row.ClientSeconds,
        ["peakMemoryBytes"] = row.PeakMemoryBytes,
        ["shippedAccuracy"] = row.ShippedAccuracy,
        ["modelBytes"] = row.ModelBytes,
        ["plumeBytes"] = row.PlumeBytes,
        ["latencyMicroseconds"] = row.LatencyMicroseconds,
        ["metric"] = row.Metric,
    };

    static string Quoted(JsonNode? value) => value switch
    {
        null => "",
        JsonArray seeds => string.Join(' ', seeds.Select(seed => seed!.ToString())),
        JsonValue number when number.GetValueKind() == System.Text.Json.JsonValueKind.Number => number.ToJsonString(),
        _ => $"\"{Printable.Line(value.ToString()).Replace("\"", "\"\"", StringComparison.Ordinal)}\"",
    };
}
