using Plume.Cli.Evaluation;
using Plume.Learning.Shrink;
using Plume.Models.Graph;
using Plume.Pages.Charts;

namespace Plume.Cli.Report;

/// <summary>Everything that the page of a shrink shows.</summary>
/// <param name="Title">The model's file.</param>
/// <param name="Original">The model as it was.</param>
/// <param name="Result">What was tried.</param>
/// <param name="Figures">The original and the best model, measured on the test samples.</param>
/// <param name="MaxLoss">The bound, as a share.</param>
sealed record ShrinkReport(string Title, ModelGraph Original, ShrinkResult Result, IReadOnlyList<ModelFigures> Figures,
    double MaxLoss);

/// <summary>The page that a shrink leaves behind.</summary>
static class ShrinkPage
{
    /// <summary>The whole page.</summary>
    public static string Render(ShrinkReport report) => Page.Render(
        report.Title,
        $"made smaller at a loss of at most {report.MaxLoss * 100:0.##} points; the target was "
            + $"{Quantity.Bytes(report.Result.TargetBytes)}{(report.Result.IsReached ? "" : ", which was not reached")}",
        Facts(report) + Beyond(report) + $"<div class=\"pair\">{Picture(report)}{Steps(report)}</div>\n" + Layers(report),
        "Accuracy of the steps is measured on one half of the test samples, by which it was decided: a loss and its standard "
            + "error together are within the bound; the figures at the top on the other half, in ONNX Runtime, one thread.");

    /// <summary>What to say where more was lost on the half that reports than the bound; null where it was not.</summary>
    public static string? BeyondBound(IReadOnlyList<ModelFigures> figures, double maxLoss) =>
        figures[0].Accuracy - figures[1].Accuracy is { } lost && lost > maxLoss
            ? $"On the half of the test samples that reports {lost * 100:0.00} points were lost, more than the bound of {maxLoss * 100:0.##} that "
                + "the other half was held to: of two halves one is the worse. Take a smaller --max-loss, or more test samples."
            : null;

    static string Beyond(ShrinkReport report) => BeyondBound(report.Figures, report.MaxLoss) is { } text
        ? Html.Section("Beyond the bound", $"<p>{System.Net.WebUtility.HtmlEncode(text)}</p>\n") : "";

    static string Facts(ShrinkReport report)
    {
        var (before, after) = (report.Figures[0], report.Figures[1]);
        return Page.Facts(
        [
            ("File", Quantity.Bytes(after.Bytes),
                $"{Quantity.Ratio(before.Bytes, after.Bytes)} smaller than {Quantity.Bytes(before.Bytes)}"),
            (".plume file", Quantity.Bytes(report.Result.Best.CompressedBytes),
                $"{Quantity.Ratio(before.Bytes, report.Result.Best.CompressedBytes)} smaller"),
            ("Accuracy", Quantity.Percent(after.Accuracy), $"{Quantity.Percent(before.Accuracy)} before, {(before.Accuracy - after.Accuracy) * 100:0.00} "
                + $"points lost; on the half that decided {report.Result.Best.Loss.Lost * 100:0.00}"),
            ("Latency", $"{after.LatencyMicroseconds:0.0} us", $"{before.LatencyMicroseconds:0.0} us before"),
            .. MultiplyAdds(before.MultiplyAdds, after.MultiplyAdds),
        ]);
    }

    static (string, string, string)[] MultiplyAdds(long? before, long? after) => before is { } most && after is { } least
        ? [("Multiply-adds", Quantity.Ratio(most, least), $"fewer than {most:N0}")]
        : [];

    static string Picture(ShrinkReport report)
    {
        var kept = Line("kept", "plume", report.Result.Steps.Where(step => step.IsKept));
        var lost = Line("too much lost", "plain", report.Result.Steps.Where(step => !step.IsKept));
        Series[] series = [.. new[] { kept, lost }.Where(line => line.Points.Count > 0)];
        var points = series.SelectMany(line => line.Points).ToArray();
        var chart = new Chart("Accuracy by size of the file", "bytes of the file",
            Axis.Over(points.Select(point => point.X), value => Quantity.RoundBytes((long)value), logarithmic: true),
            Axis.Over(points.Select(point => point.Y), value => $"{value * 100:0.##} %"), series);
        return Html.Section("Accuracy by size of the file", chart.Svg());
    }

    static Series Line(string name, string style, IEnumerable<ShrinkStep> steps) => new(name, style,
        [.. steps.OrderBy(step => step.Bytes)
            .Select(step => ((double)step.Bytes, step.Accuracy,
                $"{step.What}: {Quantity.Bytes(step.Bytes)}, {Quantity.Percent(step.Accuracy)}"))]);

    static string Steps(ShrinkReport report)
    {
        var first = report.Result.Steps[0];
        return Html.Section("Steps",
            Html.Table(["step", "file", "smaller", ".plume", "accuracy", "lost", "standard error", ""],
                [.. report.Result.Steps.Select(step => (Cell[])
        [
            step.What,
            Cell.Number(Quantity.Bytes(step.Bytes)),
            Cell.Number(Quantity.Ratio(first.Bytes, step.Bytes)),
            Cell.Number(Quantity.Bytes(step.CompressedBytes)),
            Cell.Number(Quantity.Percent(step.Accuracy)),
            Cell.Number($"{step.Loss.Lost * 100:0.00} pt"),
            Cell.Number($"{step.Loss.Error * 100:0.00} pt"),
            ReferenceEquals(step, report.Result.Best) ? "the result" : step.IsKept ? "" : "too much lost",
        ])]));
    }

    static string Layers(ShrinkReport report) => Html.Section("Layers",
        Html.Table(["weight", "before", "after", "values", "bits", "zeros", "levels"],
            [.. LayerFigures.Of(report.Original, report.Result.Best.Model).Select(layer => (Cell[])
        [
            layer.Name,
            string.Join(" x ", layer.Before),
            string.Join(" x ", layer.After),
            Cell.Number($"{layer.Values:N0}"),
            Cell.Number($"{layer.Bits}"),
            Cell.Number(Quantity.Percent(layer.Zeros)),
            new Cell(layer.Histogram),
        ])]),
        "From the lowest level to the highest; a bar's height is how many weights have the level.");
}
