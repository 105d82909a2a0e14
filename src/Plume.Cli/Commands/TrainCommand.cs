using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Cli.Outputs;
using Plume.Cli.Setup;
using Plume.Cli.Setup.Sources;
using Plume.Cli.Terminal;
using Plume.Learning;
using Plume.Learning.Training;
using Plume.Models.Onnx;
using Plume.Models.Zoo;
using Plume.Pages.Charts;

namespace Plume.Cli.Commands;

/// <summary><c>plume train</c>: trains a model on data in one place.</summary>
static class TrainCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("model")
        {
            Description = $"A built-in model ({string.Join(", ", ModelZoo.Names)}) or an .onnx file to go on with.",
        };
        var output = new Option<string?>("-o", "--output")
        {
            Description = "The file to write; without it, the model's name with .onnx.",
        };
        var command = new Command("train", "Train a model on data in one place.") { model, output };
        var work = new WorkOptions(command);
        var table = new TableFlags(command);
        var weights = new Option<string>("--class-weights")
        {
            Description = "none, or balanced: each class counts alike in the loss, however many samples have it.",
            DefaultValueFactory = _ => "none",
        };
        weights.AcceptOnlyFromAmong("none", "balanced");
        command.Options.Add(weights);
        var training = new TrainingFlags(command, "--epochs", defaultEpochs: 5, defaultRate: 0.05);
        command.SetAction((line, stop) =>
            Task.FromResult((int)Run(line.GetValue(model)!, line.GetValue(output), WithTable(work.Read(line), table, line),
                training.Read(line), line.GetValue(weights) == "balanced", stop)));
        return command;
    }

    static Work WithTable(Work work, TableFlags table, ParseResult line) => work with { Table = table.Read(line, work.Table) };

    static ExitCode Run(string model, string? output, Work work, TrainingOptions options, bool isBalanced, CancellationToken stop)
    {
        bool isFile = Path.HasExtension(model);
        string name = output ?? (isFile
            ? throw new CliException(ExitCode.Usage, "Name the file to write with --output: the one read is not written over.")
            : $"{model}.onnx");
        using var target = OutputFile.At(name, [model, work.Data]);
        var loaded = isFile ? ModelFiles.ReadLayers(model) : null;
        if (loaded is not null && work.Table is { IsNormalized: true } or { FillsEmpty: true } or { Summary: not null })
            throw new CliException(ExitCode.Usage, "--normalize, --missing and --columns go with a built-in model; one from a file "
                + "says itself how its values are normalized.");
        var wanted = work.Table with { WantsPictures = !isFile && ModelZoo.TakesPictures(model) };
        var data = (work with { Table = wanted }).Load(loaded);
        if (work.Table.IsNormalized && data.Samples.Schema.Columns is null)
            throw new CliException(ExitCode.Usage, $"--normalize is for the columns of a table; {data.Samples.Name} is none.");
        if (loaded is not null)
            data.Fitting(model, loaded);
        var train = data.Train("Training", "let a trained model teach: plume distill --alpha 1");
        InputErrors.Explain(() => DataSource.CheckClasses(train), ExitCode.Input);
        var graph = loaded ?? InputErrors.Explain(() => Students.BuiltIn(model, data, work),
            data.Samples is { Classes: < 2, Targets: null } ? ExitCode.Input : ExitCode.Usage);
        var objective = InputErrors.Explain(
            () => isBalanced ? LabelObjective.Balanced(train, [.. Enumerable.Range(0, train.Count)]) : LabelObjective.Of(train),
            ExitCode.Usage);
        using var trainer = InputErrors.Explain(() => new GraphTrainer(graph, train, options, work.Threads));
        var trained = InputErrors.Explain(() =>
            trainer.Train(objective, work.Key.Fold("train"), report: EpochLines.For(options.Epochs),
                cancellation: stop));
        target.Write(file => OnnxFile.Write(trained, file));
        using var evaluator = new GraphEvaluator(trained, data.Labeled(), work.Threads);
        var measured = evaluator.Evaluate(trained.ToWeights().Values, stop);
        if (!double.IsFinite(measured.Loss))
            throw new DivergedException(
                $"Training of '{trained.Name}' diverged: the loss on the samples that were kept to measure on is "
                    + $"{measured.Loss}. Use a smaller learning rate than {options.LearningRate}, or look for values that are "
                    + $"too large.");
        Tell.Result($"{target.Path}: {(train.Targets is null ? "accuracy" : "R2")} {Quantity.Percent(measured.Accuracy)}, "
            + $"loss {measured.Loss:0.0000}, {Quantity.Bytes(target.Length)}");
        if (ChanceHint.Of(measured.Accuracy, data.Labeled(), options.Epochs) is { } hint)
            Tell.Note($"{hint}");
        target.Keep();
        return ExitCode.Done;
    }
}
