using System.CommandLine;
using System.Text;
using System.Text.Json;
using Plume.Cli.Errors;
using Plume.Cli.Evaluation;
using Plume.Cli.Outputs;
using Plume.Cli.Report;
using Plume.Cli.Setup;
using Plume.Cli.Setup.Sources;
using Plume.Cli.Terminal;
using Plume.Learning.Data;
using Plume.Learning.Shrink;
using Plume.Learning.Training;
using Plume.Pages.Charts;

namespace Plume.Cli.Commands.OfModels;

/// <summary>
/// <c>plume shrink</c>: prunes, fine-tunes and quantizes until a model is small enough, and no further than it stays good.
/// </summary>
static class ShrinkCommand
{
    sealed record Request(string Model, double To, double MaxLoss, string Output, bool Json);

    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "The model, trained, in floats: .onnx or .plume." };
        var to = new Option<string>("--to")
        {
            Description = "The share of the file's bytes to reach: 5%.",
            DefaultValueFactory = _ => "5%",
        };
        var maxLoss = new Option<string>("--max-loss")
        {
            Description = "The accuracy that may be lost, in points: 1pt.",
            DefaultValueFactory = _ => "1pt",
        };
        var output = new Option<string?>("-o", "--output")
        {
            Description = "The file to write, with a .plume file and a report beside it; without it, the model's name with "
                + ".small.onnx.",
        };
        var json = new Option<bool>("--json") { Description = "Print a JSON array: the original and the small model." };
        var command = new Command("shrink", "Make a model as small as it can be at a bounded loss.")
        {
            model, to, maxLoss, output, json,
        };
        var work = new WorkOptions(command);
        var training = new TrainingFlags(command, "--fine-tune", defaultEpochs: 3, defaultRate: 0.03);
        command.SetAction((line, stop) => Task.FromResult((int)Run(
            new Request(line.GetValue(model)!, Share.Parse("--to", line.GetValue(to)!),
                Share.Points("--max-loss", line.GetValue(maxLoss)!), line.GetValue(output)
                    ?? Path.ChangeExtension(line.GetValue(model)!, ".small.onnx"), line.GetValue(json)),
            work.Read(line), training.Read(line), stop)));
        return command;
    }

    static ExitCode Run(Request request, Work work, TrainingOptions training, CancellationToken stop)
    {
        var graph = ModelFiles.ReadLayers(request.Model);
        string?[] inputs = [request.Model, work.Data];
        var options = InputErrors.Explain(() => new ShrinkOptions(request.To, request.MaxLoss, training), ExitCode.Usage);
        using var output = OutputFile.At(request.Output, inputs);
        using var plume = OutputFile.At(Path.ChangeExtension(request.Output, ".plume"), inputs);
        using var page = OutputFile.At(Path.ChangeExtension(request.Output, ".html"), inputs);
        var data = work.Load(graph).Fitting(request.Model, graph);
        var train = data.Train("Shrinking", "make the model smaller by plume quantize, which needs none");
        if (train.Targets is not null)
            throw new CliException(ExitCode.Input, $"plume shrink keeps to a loss of accuracy, and '{train.Name}' has a number to predict: "
                + "make the model smaller by plume prune and plume quantize.");
        var (validation, test) = Halves(data.Labeled());
        var result = InputErrors.Explain(() => new ModelShrinker(graph, train, validation, options, work.Key, work.Threads, Say)
            .Run(stop));
        var check = CheckedFile.CheckOn(graph, validation, work);
        if (result.Best.Simulated is { } simulated)
            CheckedFile.Write(output, result.Best.Model, () => simulated, () => LoadedModel.OfFile(request.Model, graph), check);
        else
            CheckedFile.Write(output, result.Best.Model, check);
        plume.Write(result.Best.Compressed);
        var figures = ModelComparison.Measure(
            [ComparedModel.Read(request.Model, graph), ComparedModel.Written(output, result.Best.Model)], test, stop);
        page.Write(Encoding.UTF8.GetBytes(
            ShrinkPage.Render(new ShrinkReport(Path.GetFileName(request.Model), graph, result, figures, request.MaxLoss))));
        if (request.Json)
            Console.Out.WriteLine(JsonSerializer.Serialize(figures, EvaluationJson.Default.IReadOnlyListModelFigures));
        else
            TellFigures(figures, result.Best.CompressedBytes, plume.Path, page.Path);
        TellMissed(request, result);
        if (ShrinkPage.BeyondBound(figures, request.MaxLoss) is { } beyond)
            Tell.Note($"{beyond}");
        foreach (var written in new[] { output, plume, page })
            written.Keep();
        return ExitCode.Done;
    }

    // Neither half was trained on; what is decided by one is measured on the other.
    static (LabeledSet Validation, LabeledSet Test) Halves(LabeledSet all) =>
        (all.Take($"{all.Name}, one half", [.. Enumerable.Range(0, all.Count).Where(i => i % 2 == 0)]),
            all.Take($"{all.Name}, other half", [.. Enumerable.Range(0, all.Count).Where(i => i % 2 == 1)]));

    static void Say(ShrinkStep step) =>
        Tell.Note($"{step.What}: {Quantity.Bytes(step.Bytes)}, {Quantity.Bytes(step.CompressedBytes)} as .plume, "
            + $"{Quantity.Percent(step.Accuracy)} on validation, {step.Loss.Lost * 100:0.00} points lost with a standard error "
            + $"of {step.Loss.Error * 100:0.00}{(step.IsKept ? "" : ", too much lost")}");

    static void TellFigures(IReadOnlyList<ModelFigures> figures, long packed, string plume, string page)
    {
        Console.Out.Write(EvaluateCommand.Table(figures));
        Tell.Result($"{plume}: {Quantity.Bytes(packed)}, {Quantity.Ratio(figures[0].Bytes, packed)} smaller; {page}");
    }

    static void TellMissed(Request request, ShrinkResult result)
    {
        if (!result.IsReached)
            Tell.Note($"The target of {Quantity.Bytes(result.TargetBytes)} was not reached: the smallest model that loses at "
                + $"most {request.MaxLoss * 100:0.##} points on validation, a standard error more included, takes "
                + $"{Quantity.Bytes(result.Best.Bytes)}. Allow more loss, or more epochs with --fine-tune.");
    }
}
