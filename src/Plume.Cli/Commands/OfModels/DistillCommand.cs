using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Cli.Evaluation;
using Plume.Cli.Outputs;
using Plume.Cli.Setup;
using Plume.Cli.Setup.Sources;
using Plume.Cli.Terminal;
using Plume.Learning.Distill;
using Plume.Learning.Training;
using Plume.Models.Zoo;
using Plume.Pages.Charts;

namespace Plume.Cli.Commands.OfModels;

/// <summary><c>plume distill</c>: a small model learns from a large one.</summary>
static class DistillCommand
{
    sealed record Request(string Teacher, string Student, Ramp Temperature, Ramp Alpha, Hint[] Hints, string Output);

    public static Command Create()
    {
        var teacher = new Option<string>("--teacher") { Description = "The large model: .onnx or .plume.", Required = true };
        var student = new Option<string>("--student")
        {
            Description = $"The small one: a built-in model ({string.Join(", ", ModelZoo.Names)}), an .onnx file to go on "
                + $"with, or a share such as 10%: the teacher with so much of its multiply-adds, each layer narrowed.",
            Required = true,
        };
        var temperature = new Option<string>("--temperature")
        {
            Description = "What both models' scores are divided by; 8..1 goes from one to the other.",
            DefaultValueFactory = _ => "2",
        };
        var alpha = new Option<string>("--alpha")
        {
            Description = "The teacher's share in the loss, the labels have the rest; 1 needs no labels.",
            DefaultValueFactory = _ => "0.5",
        };
        var hints = new Option<string[]>("--hint")
        {
            Description = "Values to be alike inside: STUDENT=TEACHER or STUDENT=TEACHER*WEIGHT, by name.",
            DefaultValueFactory = _ => [],
        };
        var output = new Option<string>("-o", "--output")
        {
            Description = "The file to write.",
            DefaultValueFactory = _ => "student.onnx",
        };
        var command = new Command("distill", "Let a small model learn from a large one.")
        {
            teacher, student, temperature, alpha, hints, output,
        };
        var work = new WorkOptions(command);
        var training = new TrainingFlags(command, "--epochs", defaultEpochs: 10, defaultRate: 0.05);
        command.SetAction((line, stop) => Task.FromResult((int)Run(
            new Request(line.GetValue(teacher)!, line.GetValue(student)!, Temperature(line.GetValue(temperature)!),
                Alpha(line.GetValue(alpha)!), [.. line.GetValue(hints)!.Select(Hint)], line.GetValue(output)!),
            work.Read(line), training.Read(line), stop)));
        return command;
    }

    static ExitCode Run(Request request, Work work, TrainingOptions options, CancellationToken stop)
    {
        var teacher = ModelFiles.ReadLayers(request.Teacher);
        using var output = OutputFile.At(request.Output, [request.Teacher, request.Student, work.Data]);
        var data = work.Load(teacher).Fitting(request.Teacher, teacher);
        var train = request.Alpha is { Start: 1, End: 1 } ? data.Samples
            : data.Train($"Distilling at --alpha {request.Alpha}", "give the teacher the whole loss with --alpha 1");
        var student = Students.Find(request.Student, teacher, data, work);
        data.Fitting(request.Student, student);
        using var trainer = InputErrors.Explain(() => new GraphTrainer(student, train, options, work.Threads));
        var labels = InputErrors.Explain(() => SoftLabels.Of(teacher, train, work.Threads, stop));
        using var hints = request.Hints.Length == 0 ? null : new Hints(teacher, request.Hints);
        var objective = InputErrors.Explain(() => new Distillation(labels, request.Temperature, request.Alpha) { Hints = hints });
        var trained = InputErrors.Explain(() =>
            trainer.Train(objective, work.Key.Fold("train"), report: EpochLines.For(options.Epochs), cancellation: stop));
        CheckedFile.Write(output, trained, CheckedFile.CheckOn(trained, data.Samples, work));
        if (data.Test is { } test)
            Console.Out.Write(EvaluateCommand.Table(
                ModelComparison.Measure([ComparedModel.Read(request.Teacher, teacher), ComparedModel.Written(output, trained)],
                    test, stop)));
        else
            Tell.Result($"{request.Output}: {Quantity.Bytes(output.Length)}; not measured, for the data has no labels");
        output.Keep();
        return ExitCode.Done;
    }

    static Ramp Temperature(string text) => WrittenOption.Read("--temperature", text, Ramp.Parse) is { Start: > 0, End: > 0 } ramp
        ? ramp
        : throw new CliException(ExitCode.Usage, $"--temperature must be above 0, but is '{text}'.");

    static Ramp Alpha(string text) => WrittenOption.Read("--alpha", text, Ramp.Parse) is { Start: >= 0 and <= 1, End: >= 0 and <= 1 } ramp
        ? ramp
        : throw new CliException(ExitCode.Usage, $"--alpha must be 0 to 1, but is '{text}'.");

    static Hint Hint(string text)
    {
        string[] weighted = text.Split('*', 2), pair = weighted[0].Split('=', 2);
        double weight = 1;
        return pair.Length == 2 && pair.All(name => name.Length > 0)
            && (weighted.Length == 1
            || double.TryParse(weighted[1], System.Globalization.NumberStyles.Float,
                System.Globalization.CultureInfo.InvariantCulture, out weight) && weight > 0 && double.IsFinite(weight))
            ? new Hint(pair[0], pair[1], weight)
            : throw new CliException(ExitCode.Usage,
                $"--hint must be STUDENT=TEACHER or STUDENT=TEACHER*WEIGHT with a weight above 0, but is '{text}'.");
    }
}
