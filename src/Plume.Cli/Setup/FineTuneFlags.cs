using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Cli.Setup.Sources;
using Plume.Learning.Data;
using Plume.Learning.Distill;
using Plume.Learning.Training;
using Plume.Models.Graph;

namespace Plume.Cli.Setup;

/// <summary>
/// The options of training a model again after something was taken from it, with the model as it was as the teacher.
/// </summary>
sealed class FineTuneFlags
{
    readonly TrainingFlags training;
    readonly Option<double> temperature = WrittenOption.Number("--temperature");
    readonly Option<double> alpha = WrittenOption.Number("--alpha");

    /// <summary>Adds the options to a command.</summary>
    public FineTuneFlags(Command command, int defaultEpochs, double defaultRate = 0.02)
    {
        training = new TrainingFlags(command, "--fine-tune", defaultEpochs, defaultRate);
        (temperature.Description, temperature.DefaultValueFactory) =
            ("What the scores of the original, which teaches, are divided by.", _ => 2);
        (alpha.Description, alpha.DefaultValueFactory) =
            ("The original's share in the loss; the labels have the rest.", _ => 0.5);
        command.Options.Add(temperature);
        command.Options.Add(alpha);
    }

    /// <summary>What the line says.</summary>
    /// <exception cref="CliException">A number is out of its range.</exception>
    public FineTuneRequest Read(ParseResult line)
    {
        double hot = line.GetValue(temperature), share = line.GetValue(alpha);
        if (!(hot > 0 && double.IsFinite(hot)))
            throw new CliException(ExitCode.Usage, $"--temperature must be above 0, but is {hot}.");
        if (!(share is >= 0 and <= 1))
            throw new CliException(ExitCode.Usage, $"--alpha must be 0 to 1, but is {share}.");
        return new FineTuneRequest(training.Read(line), hot, share);
    }
}

/// <summary>How a model is to be trained again.</summary>
sealed record FineTuneRequest(TrainingOptions Options, double Temperature, double Alpha)
{
    /// <summary>What to train on; asked for before any work, for samples that will not do.</summary>
    /// <exception cref="CliException">The labels have a share in the loss, and there are none.</exception>
    public LabeledSet? SamplesOf(DataSource? data) => Options.Epochs == 0 || Alpha == 1
        ? data?.Samples
        : data?.Train($"Fine-tuning at --alpha {Alpha}", "give the original the whole loss with --alpha 1");

    /// <summary>Trains what became of a model.</summary>
    /// <param name="original">The model as it was.</param>
    /// <param name="graph">What became of it.</param>
    /// <param name="set">The samples; may be null where there are no epochs.</param>
    /// <param name="work">Seed and threads.</param>
    /// <param name="constraint">What the weights must keep to, or null.</param>
    /// <param name="stop">Stops the work.</param>
    public ModelGraph Run(ModelGraph original, ModelGraph graph, LabeledSet? set, Work work, IWeightConstraint? constraint,
        CancellationToken stop) => Options.Epochs == 0
        ? graph
        : InputErrors.Explain(() => new FineTuning(original, set!, Temperature, Alpha, work.Threads)
            .Run(graph, Options, work.Key.Fold("fine-tune"), constraint, EpochLines.For(Options.Epochs), stop));
}
