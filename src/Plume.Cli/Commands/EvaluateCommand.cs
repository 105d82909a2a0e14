using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Plume.Cli.Errors;
using Plume.Cli.Evaluation;
using Plume.Cli.Setup;

namespace Plume.Cli.Commands;

/// <summary><c>plume evaluate</c>: models side by side.</summary>
static class EvaluateCommand
{
    public static Command Create()
    {
        var models = new Argument<string[]>("models") { Description = "Model files, .onnx or .plume; the first is what the others are compared with.", Arity = ArgumentArity.OneOrMore };
        var json = new Option<bool>("--json") { Description = "Print a JSON array." };
        var command = new Command("evaluate", "Measure models side by side in ONNX Runtime: accuracy, size, speed, memory.") { models, json };
        var work = new WorkOptions(command);
        command.SetAction((line, stop) => Task.FromResult((int)Run(line.GetValue(models)!, line.GetValue(json), work.Read(line), stop)));
        return command;
    }

    static ExitCode Run(string[] files, bool json, Work work, CancellationToken stop)
    {
        var models = files.Select(file => ComparedModel.Read(file, ModelFiles.ReadGraph(file))).ToArray();
        var figures = ModelComparison.Measure(models, work.Load(models[0].Graph).Labeled(), stop);
        Console.Out.Write(json ? JsonSerializer.Serialize(figures, EvaluationJson.Default.IReadOnlyListModelFigures) + "\n" : Table(figures));
        return ExitCode.Done;
    }

    /// <summary>The figures as people read them.</summary>
    public static string Table(IReadOnlyList<ModelFigures> figures) => TextTable.Print(
        ["model", ">accuracy", ">agreement", ">parameters", ">multiply-adds", ">file", ">smaller", ">latency", ">faster", ">memory"],
        figures.Select(model => (string[])
        [
            model.File,
            Quantity.Percent(model.Accuracy),
            Quantity.Percent(model.Agreement),
            model.Parameters.ToString("N0", CultureInfo.InvariantCulture),
            model.MultiplyAdds.ToString("N0", CultureInfo.InvariantCulture),
            Quantity.Bytes(model.Bytes),
            Quantity.Ratio(figures[0].Bytes, model.Bytes),
            $"{model.LatencyMicroseconds:0.0} us",
            Quantity.Ratio(figures[0].LatencyMicroseconds, model.LatencyMicroseconds),
            Quantity.Bytes(model.MemoryBytes),
        ]));
}
