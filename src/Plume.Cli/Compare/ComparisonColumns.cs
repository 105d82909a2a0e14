using Plume.Pages.Charts;

namespace Plume.Cli.Compare;

/// <summary>A column of a comparison: what stands over it, and what a row has there; null where it has nothing.</summary>
sealed record ComparisonColumn(string Head, Func<ComparedExperiment, string?> Value, bool IsNumber = true);

/// <summary>
/// The columns in two groups, as text and page show them. A column that no row has anything in is left out; the first row is what
/// bytes are compared with.
/// </summary>
static class ComparisonColumns
{
    const string None = "-";

    /// <summary>What models are measured by, as a word: of several experiments there may be two.</summary>
    public static string MetricOf(IReadOnlyList<ComparedExperiment> rows) =>
        string.Join(" or ", rows.Select(row => row.Metric).Distinct());

    /// <summary>Accuracy, and the bytes that it took.</summary>
    public static IReadOnlyList<ComparisonColumn> Learned(IReadOnlyList<ComparedExperiment> rows) => Known(rows,
    [
        new(MetricOf(rows), row => Quantity.Percent(row.Accuracy.Mean)),
        new("from", row => row.Runs.Count > 1 ? Quantity.Percent(row.Accuracy.Least) : null),
        new("to", row => row.Runs.Count > 1 ? Quantity.Percent(row.Accuracy.Most) : null),
        new("worst tenth", row => row.WorstTenth is { } worst ? Quantity.Percent(worst) : null),
        new("uplink", row => Quantity.Bytes((long)row.UplinkBytes)),
        new("downlink", row => Quantity.Bytes((long)row.DownlinkBytes)),
        new("both ways", row => Quantity.Bytes((long)row.BothBytes)),
        new("", row => row == rows[0] ? null : Less(rows[0], row)),
    ]);

    /// <summary>Time, memory, and what ships.</summary>
    public static IReadOnlyList<ComparisonColumn> Spent(IReadOnlyList<ComparedExperiment> rows) => Known(rows,
    [
        new("on the links", row => row.LinkSeconds is { } seconds ? Quantity.Seconds(seconds) : null),
        new("a round here", row => Quantity.Seconds(row.SecondsPerRound)),
        new("clients' work", row => Quantity.Seconds(row.ClientSeconds)),
        new("memory", row => Quantity.Bytes((long)row.PeakMemoryBytes)),
        new(".onnx", row => row.ModelBytes is { } bytes ? Quantity.Bytes((long)bytes) : null),
        new(".plume", row => row.PlumeBytes is { } bytes ? Quantity.Bytes((long)bytes) : null),
        new($"its {MetricOf(rows)}", row => row.ShippedAccuracy is { } accuracy ? Quantity.Percent(accuracy) : null),
        new("latency", row => row.LatencyMicroseconds is { } latency ? $"{latency:0.0} us" : null),
    ]);

    /// <summary>What a row has in a column.</summary>
    public static string Of(ComparisonColumn column, ComparedExperiment row) =>
        column.Value(row) ?? (column.Head.Length == 0 ? "" : None);

    static string Less(ComparedExperiment first, ComparedExperiment row) =>
        row.BothBytes > 0 && first.BothBytes / row.BothBytes is var times && times >= 1 ? $"1/{times:0.#}"
            : $"{row.BothBytes / first.BothBytes:0.#}x";

    static IReadOnlyList<ComparisonColumn> Known(IReadOnlyList<ComparedExperiment> rows, ComparisonColumn[] columns) =>
        [.. columns.Where(column => rows.Any(row => column.Value(row) is not null))];
}
