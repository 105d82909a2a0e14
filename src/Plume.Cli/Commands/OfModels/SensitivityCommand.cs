using System.CommandLine;
using System.Text.Json;
using Plume.Cli.Evaluation;
using Plume.Cli.Setup;
using Plume.Cli.Setup.Sources;
using Plume.Cli.Terminal;
using Plume.Learning;
using Plume.Learning.Data;
using Plume.Models.Graph;
using Plume.Models.Quantize;
using Plume.Models.Quantize.Formats;
using Plume.Pages.Charts;

namespace Plume.Cli.Commands.OfModels;

/// <summary><c>plume sensitivity</c>: what each weight alone loses in each storage format.</summary>
static class SensitivityCommand
{
    static readonly (string Name, WeightFormat Format)[] Formats =
    [
        ("int8 by channel", ChannelFormat.Int8),
        ("int4 by 32", new BlockFormat(4, 32)),
        ("nf4 by 64", new NormalFloatFormat(64)),
        ("ternary", ChannelFormat.Ternary),
        ("binary", ChannelFormat.Binary),
    ];

    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "The model, in floats: .onnx or .plume." };
        var json = new Option<bool>("--json") { Description = "Print a JSON array." };
        var command = new Command("sensitivity",
            "Measure what each weight alone loses with few bits, to know which layers to leave alone.") { model, json };
        var work = new WorkOptions(command);
        command.SetAction((line, stop) =>
            Task.FromResult((int)Run(line.GetValue(model)!, line.GetValue(json), work.Read(line), stop)));
        return command;
    }

    static Errors.ExitCode Run(string path, bool json, Work work, CancellationToken stop)
    {
        var graph = ModelFiles.ReadGraph(path);
        var test = work.Load(graph).Fitting(path, graph).Labeled();
        double whole = Accuracy(graph, test, work, stop);
        var found = new List<WeightSensitivity>();
        foreach (var layer in QuantizationPlan.Of(graph,
            new QuantizationScheme(activationBits: null) { LeaveSingleChannels = false }).Layers.DistinctBy(layer =>
                layer.Weight))
        {
            var weight = graph.FindInitializer(layer.Weight)!;
            foreach (var (name, format) in Formats)
            {
                var plan = new WeightFormatPlan(new Dictionary<string, WeightFormat> { [weight.Name] = format });
                found.Add(new WeightSensitivity(weight.Name, name, weight.Length,
                    format.BytesOf(weight.Shape, layer.ChannelAxis(weight)),
                    whole - Accuracy(plan.Apply(graph), test, work, stop)));
            }
        }

        Console.Out.Write(json ? JsonSerializer.Serialize(found, EvaluationJson.Default.ListWeightSensitivity) + "\n"
            : Table(found, whole));
        return Errors.ExitCode.Done;
    }

    static double Accuracy(ModelGraph graph, LabeledSet test, Work work, CancellationToken stop)
    {
        using var evaluator = Errors.InputErrors.Explain(() => new GraphEvaluator(graph, test, work.Threads));
        return evaluator.Evaluate(graph.ToWeights().Values, stop).Accuracy;
    }

    static string Table(List<WeightSensitivity> found, double whole)
    {
        string[] heads = ["weight", ">values", .. Formats.Select(format => $">{format.Name}")];
        var rows = found.GroupBy(entry => entry.Weight).Select(weight => (string[])
            [weight.Key, $"{weight.First().Values}",
                .. weight.Select(entry => $"{-entry.Loss * 100:+0.00;-0.00;0.00} pt, {Quantity.Bytes(entry.Bytes)}")]);
        return $"accuracy {Quantity.Percent(whole)} in 32-bit floats; with one weight stored in another "
            + $"format:\n{TextTable.Print(heads, rows)}";
    }
}
