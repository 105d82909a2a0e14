using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Plume.Cli.Errors;
using Plume.Cli.Evaluation;
using Plume.Cli.Setup;
using Plume.Cli.Terminal;
using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Models.Graph;
using Plume.Pages.Charts;

namespace Plume.Cli.Commands.OfModels;

/// <summary><c>plume evaluate</c>: models side by side.</summary>
static class EvaluateCommand
{
    const string Unknown = "-";

    public static Command Create()
    {
        var models = new Argument<string[]>("models")
        {
            Description = "Model files, .onnx or .plume; the first is what the others are compared with.",
            Arity = ArgumentArity.OneOrMore,
        };
        var json = new Option<bool>("--json") { Description = "Print a JSON array." };
        var perClass = new Option<bool>("--per-class")
        {
            Description = "Also print what each class is told by: precision, recall, F1 and AUC, with their means.",
        };
        var command = new Command("evaluate", "Measure models side by side in ONNX Runtime: accuracy, size, speed, memory.")
        {
            models, json, perClass,
        };
        var work = new WorkOptions(command, moreData: ModelData.MoreKinds);
        command.SetAction((line, stop) =>
            Task.FromResult((int)Run(line.GetValue(models)!, line.GetValue(json), line.GetValue(perClass), work.Read(line),
                stop)));
        return command;
    }

    static ExitCode Run(string[] files, bool json, bool perClass, Work work, CancellationToken stop)
    {
        ComparedModel[] models = [.. files.Select(ComparedModel.Read)];
        var data = ModelData.Load(work, models[0].Graph, forMeasuring: true);
        var figures = ModelComparison.Measure(models, FeedsOf(work, models[0].Graph, data), data.Labeled, stop);
        foreach (var model in models.Where(model => model.Unread is not null))
            Tell.Note($"Parameters and multiply-adds are not counted: {model.Unread}");
        Console.Out.Write(json ? JsonSerializer.Serialize(figures, EvaluationJson.Default.IReadOnlyListModelFigures) + "\n"
            : Table(figures) + string.Concat(figures.Where(_ => perClass).Select(ByClass)));
        if (data.IsRandom)
            Tell.Note($"The inputs are random: agreement and error tell whether the models compute alike, not how good they are.");
        else if (data.Labeled is { Targets: null } && figures[0].Accuracy is null)
            Tell.Note($"No accuracy is told: the first output is no row of class scores for each sample.");
        return ExitCode.Done;
    }

    // Each model takes a table's columns by its own names, in its own order. Labels are read once, so classes must be the same.
    static Func<RuntimeModel, ModelFeeds> FeedsOf(Work work, ModelGraph? first, ModelData data)
    {
        if (first is null || data.Source is null)
            return data.FeedsFor;
        var read = SampleSchema.Of(first);
        return model => model.Graph is { } graph && SampleSchema.Of(graph) is var own && own != read
            && own.OfClasses.Difference(read) is null
            ? ModelData.Load(work, graph, forMeasuring: true).FeedsFor(model)
            : data.FeedsFor(model);
    }

    /// <summary>The figures as people read them.</summary>
    public static string Table(IReadOnlyList<ModelFigures> figures)
    {
        bool hasAccuracy = figures.Any(model => model.Accuracy is not null),
            hasErrors = figures.Any(model => model.Regression is not null),
            hasAgreement = figures.Any(model => model.Agreement is not null);
        return TextTable.Print(
            [
                "model", .. Where(hasAccuracy, ">accuracy"), .. Where(hasAgreement, ">agreement"),
                .. Where(hasErrors, ">R2"), .. Where(hasErrors, ">MSE"), .. Where(hasErrors, ">MAE"),
                .. Where(!hasAccuracy, ">error (NMSE)"),
                ">parameters", ">multiply-adds", ">file", ">smaller", ">latency", ">faster", ">memory",
            ],
            figures.Select(model => (string[])
            [
                model.File,
                .. Where(hasAccuracy, Share(model.Accuracy)),
                .. Where(hasAgreement, Share(model.Agreement)),
                .. Where(hasErrors, Number(model.Regression?.R2)), .. Where(hasErrors, Number(model.Regression?.Mse)),
                .. Where(hasErrors, Number(model.Regression?.Mae)),
                .. Where(!hasAccuracy, model.Nmse is { } error ? error.ToString("0.######", CultureInfo.InvariantCulture)
                    : Unknown),
                Count(model.Parameters),
                Count(model.MultiplyAdds),
                Quantity.Bytes(model.Bytes),
                Quantity.Ratio(figures[0].Bytes, model.Bytes),
                $"{model.LatencyMicroseconds:0.0} us",
                Quantity.Ratio(figures[0].LatencyMicroseconds, model.LatencyMicroseconds),
                Quantity.Bytes(model.MemoryBytes),
            ]));
    }

    static string ByClass(ModelFigures model) => model.Figures is not { } figures ? "" : "\n" + TextTable.Print(
        [model.File, ">samples", ">precision", ">recall", ">F1", ">AUC"],
        [
            .. figures.Classes.Select(each => (string[])
            [
                each.Name, Count(each.Samples), Share(each.Precision), Share(each.Recall), Number(each.F1), Number(each.Auc),
            ]),
            [
                "mean", Count(figures.Classes.Sum(each => (long)each.Samples)), Share(figures.Classes.Average(each => each.Precision)),
                Share(figures.Classes.Average(each => each.Recall)), Number(figures.F1), Number(figures.Auc),
            ],
        ]);

    static string Number(double? value) => value?.ToString("0.0000", CultureInfo.InvariantCulture) ?? Unknown;

    static string[] Where(bool isShown, string cell) => isShown ? [cell] : [];

    static string Share(double? share) => share is { } known ? Quantity.Percent(known) : Unknown;

    static string Count(long? count) => count is { } known ? known.ToString("N0", CultureInfo.InvariantCulture) : Unknown;
}
