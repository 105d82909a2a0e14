using System.Runtime.InteropServices;
using Plume.Cli.Experiments;
using Plume.Cli.Report;
using Plume.Cli.Setup;
using Plume.Compression.Codecs;
using Plume.Compression.Container;
using Plume.Compression.Weights;

namespace Plume.Cli.Runs;

/// <summary>What a finished run leaves in its folder: the model twice, and the report.</summary>
static class RunFiles
{
    /// <summary>How the final model is compressed: no accuracy that can be measured is lost at 8 bits a channel.</summary>
    public static Codec ModelCodec { get; } = Codec.Parse("uniform(8, channel) | rans");

    public static ShippedModel Write(RunFolder folder, Settings settings, string subtitle, Inputs inputs, Comparison runs)
    {
        var layout = inputs.Graph.Weights;
        var model = inputs.Graph.With(new ModelWeights(layout, runs.Compressed.Simulation.Published.ToArray()));
        var shipped = ShippedModel.Of(model, inputs.Test, folder.OnnxModel);
        AtomicFile.Write(folder.OnnxModel, shipped.Bytes);
        AtomicFile.Write(folder.PlumeModel, shipped.ToPlume(ModelCodec));
        var report = new RunReport(
            settings.Get<string>("name"),
            subtitle,
            TrackOf("compressed", runs.Compressed, settings.Get<Codec>("uplink").Text, settings.Get<Codec>("downlink").Text),
            runs.Baseline is { } baseline ? TrackOf("fp32", baseline, "pack", "pack") : null,
            TensorsOf(layout, runs.Compressed.Simulation),
            [.. settings.Written()],
            Versions());
        AtomicFile.Write(folder.Report, System.Text.Encoding.UTF8.GetBytes(ReportPage.Render(report)));
        return shipped;
    }

    static Track TrackOf(string name, FederatedRun run, string uplink, string downlink) => new(name, run.Rounds, uplink, downlink);

    // Of a run that was resumed after its last round there is no payload to look into.
    static List<TensorBits> TensorsOf(ModelLayout layout, Simulation.Simulation simulation)
    {
        IReadOnlyList<long> up = simulation.MeasureLastUplink(), down = simulation.MeasureLastDownlink();
        return up.Count == 0 || down.Count == 0 ? [] : [.. layout.Tensors.Select((tensor, index) => new TensorBits(tensor.Name, string.Join(" x ", tensor.Shape), tensor.Role.ToString(), tensor.Length,
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
