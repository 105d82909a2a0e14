using Plume.Cli.Runs;
using Plume.Pages.Charts;

namespace Plume.Cli.Report;

/// <summary>The part of a run's page that says what ships.</summary>
static class ShippedSection
{
    const string Note = "Accuracy of what ships is measured in ONNX Runtime on the test samples, latency there for one sample "
        + "on one thread. A .plume file of floats has 8 bits a weight.";

    /// <summary>The model as it was trained, and what was made of it; nothing where floats ship as they were trained.</summary>
    public static string Render(RunResult? result)
    {
        if (result is not { Model: { } trained, Shipped: { } shipped })
            return "";
        var rows = new List<IReadOnlyList<Cell>>
        {
            Row(shipped.Line is null ? "model"
                : "shipped", shipped.Line ?? "integers, as they were trained", shipped.Accuracy, result.Ships!),
        };
        if (shipped.Line is not null)
            rows.Insert(0, Row("model", "as it was trained", result.Accuracy, trained));
        return Html.Section("What ships",
            $"<div class=\"code\">{Html.Table(["", "line", "accuracy", ".onnx", ".plume", "latency"], rows)}</div>", Note);
    }

    static Cell[] Row(string name, string line, double? accuracy, ModelSize size) =>
    [
        name,
        line,
        Cell.Number(Quantity.Percent(accuracy)),
        Cell.Number(Quantity.Bytes(size.Bytes)),
        Cell.Number(Quantity.Bytes(size.PlumeBytes)),
        Cell.Number(size.LatencyMicroseconds is { } latency ? $"{latency:0.0} us" : "-"),
    ];
}
