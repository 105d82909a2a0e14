using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Federation.Learners;
using Plume.Learning.Training;

namespace Plume.Cli.Setup;

/// <summary>The options of training: how long, in what steps.</summary>
sealed class TrainingFlags
{
    readonly Option<int> epochs;
    readonly Option<int> batchSize = new("--batch-size") { Description = "Samples a step.", DefaultValueFactory = _ => 64 };
    readonly Option<double> learningRate = WrittenOption.Number("--learning-rate");
    readonly Option<LocalOptimizer> optimizer = WrittenOption.Word<LocalOptimizer>("--optimizer");
    readonly Option<double> weightDecay = WrittenOption.Number("--weight-decay");

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="epochsName">What the number of epochs is called.</param>
    /// <param name="defaultEpochs">How many without it.</param>
    /// <param name="defaultRate">The learning rate without one.</param>
    public TrainingFlags(Command command, string epochsName, int defaultEpochs, double defaultRate)
    {
        epochs = new(epochsName) { Description = "Passes over the training data.", DefaultValueFactory = _ => defaultEpochs };
        (learningRate.Description, learningRate.DefaultValueFactory) =
            ("Step size at the start; it falls to zero along half a cosine.", _ => defaultRate);
        (optimizer.Description, optimizer.DefaultValueFactory) = ("sgd, with momentum 0.9, or adam.", _ => LocalOptimizer.Sgd);
        (weightDecay.Description, weightDecay.DefaultValueFactory) =
            ("Factor of the squared-norm penalty on weights.", _ => 5e-4);
        command.Options.Add(epochs);
        command.Options.Add(batchSize);
        command.Options.Add(learningRate);
        command.Options.Add(optimizer);
        command.Options.Add(weightDecay);
    }

    /// <summary>What the line says.</summary>
    /// <exception cref="CliException">A number is out of its range.</exception>
    public TrainingOptions Read(ParseResult line)
    {
        double decay = line.GetValue(weightDecay);
        if (!(decay >= 0 && double.IsFinite(decay)))
            throw new CliException(ExitCode.Usage, $"--weight-decay must not be negative, but is {decay}.");
        return InputErrors.Explain(
            () => new TrainingOptions(line.GetValue(epochs), line.GetValue(batchSize), line.GetValue(learningRate),
                line.GetValue(optimizer), WeightDecay: decay), ExitCode.Usage);
    }
}
