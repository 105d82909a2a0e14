using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Plume.Cli.Experiments;
using Plume.Cli.Progress;
using Plume.Cli.Runs;
using Plume.Cli.Setup.Sources;
using Plume.Compression.Files;
using Plume.Compression.Weights;
using Plume.Learning.Data;
using Plume.Learning.Inference;

namespace Plume.Cli.Report;

/// <summary>
/// What a finished run leaves in its folder: the last model, what ships of it, figures of each client, the result, and the
/// report, which is written last.
/// </summary>
static class RunFiles
{
    /// <summary>The files of a run folder that have its figures.</summary>
    public static IReadOnlyList<string> OfData { get; } = ["metrics.jsonl", "result.json", "clients.csv", "tensors.csv"];

    /// <param name="folder">Where to.</param>
    /// <param name="experiment">The experiment.</param>
    /// <param name="subtitle">The federation in one line.</param>
    /// <param name="inputs">What it learned from and with.</param>
    /// <param name="runs">What was run.</param>
    /// <param name="threads">Threads for what is trained before it ships.</param>
    /// <param name="measure">Whether the last model is measured on each client's samples, and its latency.</param>
    /// <returns>What it came to.</returns>
    public static RunResult Write(RunFolder folder, Experiment experiment, string subtitle, Inputs inputs, Comparison runs,
        int threads, bool measure)
    {
        var layout = inputs.Graph.Weights;
        var simulation = runs.Compressed.Simulation;
        var models = RunModels.Of(folder, experiment, inputs,
            inputs.Graph.With(new ModelWeights(layout, simulation.Published.ToArray())), threads);
        var clients = new ClientFigures(inputs.Allotment.Clients, simulation.Costs, simulation.Links);
        if (measure)
            clients = clients.Measured(folder.OnnxModel, models.Ships.Bytes, inputs.Train);
        clients.Write(folder.Clients);
        var result = models.Write(folder, runs.Result(), inputs.Test, measure) with
        {
            Metric = experiment.Measure,
            WorstTenth = clients.WorstTenth,
            ClientMean = clients.Mean,
            Planned = experiment.Planned,
            Figures = measure && inputs.Test.Targets is null
                ? PredictionsOf(models.Ships.Bytes, inputs.Test).FiguresOf(inputs.Test) : null,
            Regression = inputs.Test.Targets is null ? null
                : PredictionsOf(models.Ships.Bytes, inputs.Test).RegressionOf(inputs.Test),
        };
        AtomicFile.Write(folder.Result, JsonSerializer.SerializeToUtf8Bytes(result, MetricsJson.Default.RunResult));
        var details = new RunDetails(RunDetails.NewestVersion, subtitle, TensorsOf(layout, runs.Compressed.Simulation),
            [.. Versions().Select(each => new MadeWith(each.Item1, each.Item2))]);
        AtomicFile.Write(folder.Details, JsonSerializer.SerializeToUtf8Bytes(details, DetailsJson.Default.RunDetails));
        var stored = new StoredRun(experiment, runs.Compressed.Rounds, runs.Baseline?.Rounds, result, details);
        AtomicFile.Write(folder.Tensors, System.Text.Encoding.UTF8.GetBytes(TensorTable(details.Tensors)));
        AtomicFile.Write(folder.Report, System.Text.Encoding.UTF8.GetBytes(ReportPage.Render(stored.Report)));
        return result;
    }

    static Predictions PredictionsOf(byte[] model, LabeledSet test)
    {
        using var session = new RuntimeModel("model", model);
        return Predictions.Of(session, test);
    }

    // Names with commas or quotes in them are in quotes.
    static string TensorTable(IReadOnlyList<TensorBits> tensors) => "tensor,shape,role,values,uplinkBits,downlinkBits\n"
        + string.Concat(tensors.Select(tensor => string.Create(CultureInfo.InvariantCulture,
            $"{Quoted(tensor.Name)},{tensor.Shape},{tensor.Role},{tensor.Values},{tensor.UplinkBits:0.####},{tensor.DownlinkBits:0.####}\n")));

    static string Quoted(string name) => name.AsSpan().IndexOfAny(",\"\n\r") < 0 ? name
        : $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    // Of a run that was resumed after its last round there is no payload to look into.
    static List<TensorBits> TensorsOf(ModelLayout layout, Simulation.Simulation simulation)
    {
        IReadOnlyList<long> up = simulation.MeasureLastUplink(), down = simulation.MeasureLastDownlink();
        return up.Count == 0 || down.Count == 0 ? []
            : [.. layout.Tensors.Select((tensor, index) =>
                new TensorBits(tensor.Name, string.Join(" x ", tensor.Shape), tensor.Role.ToString(), tensor.Length,
            (double)up[index] / Math.Max(1, tensor.Length), (double)down[index] / Math.Max(1, tensor.Length)))];
    }

    static (string, string)[] Versions() =>
    [
        ("Plume", typeof(RunFiles).Assembly.GetName().Version!.ToString(3)),
        (".NET", RuntimeInformation.FrameworkDescription.Replace(".NET ", "", StringComparison.Ordinal)),
        ("TorchSharp", typeof(TorchSharp.torch).Assembly.GetName().Version!.ToString(3)),
        ("System", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}"),
        ("Processors", $"{Environment.ProcessorCount}"),
    ];
}
