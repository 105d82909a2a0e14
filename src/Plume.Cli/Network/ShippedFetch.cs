using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Runs;
using Plume.Cli.Setup.Sources;
using Plume.Learning.Shipping;
using Plume.Models.Graph;

namespace Plume.Cli.Network;

/// <summary>
/// What an experiment's line <c>ships</c> makes of a model that was fetched: a server has neither the test samples nor the time,
/// whoever fetches has both.
/// </summary>
sealed class ShippedFetch
{
    readonly Experiment experiment;
    readonly Inputs inputs;

    /// <summary>What the model is measured by, as a word.</summary>
    public string Metric => experiment.Measure;

    ShippedFetch(Experiment experiment, ShipsLine line) =>
        (this.experiment, inputs, Line) = (experiment, Inputs.Load(experiment), line);

    /// <summary>The line.</summary>
    public ShipsLine Line { get; }

    /// <summary>Reads it; null where no experiment is named.</summary>
    /// <exception cref="CliException">The experiment ships its model as it was trained.</exception>
    /// <exception cref="ExperimentException">The experiment is wrong.</exception>
    public static ShippedFetch? Of(string? file, string[] overrides)
    {
        if (file is null)
            return overrides.Length == 0 ? null
                : throw new CliException(ExitCode.Usage, "--set overrides a key of the experiment, which --experiment names.");
        var experiment = ExperimentFile.Read(file, overrides);
        return experiment.Ships is { } line
            ? new ShippedFetch(experiment, line)
            : throw new CliException(ExitCode.Usage,
                $"'{file}' says nothing of what ships: fetch without --experiment, or add a line such as --set "
                    + $"\"ships=quantize(8)\".");
    }

    /// <summary>Makes it, and measures it on the experiment's test samples.</summary>
    /// <exception cref="CliException">The model is not that experiment's.</exception>
    public ShippedModel Make(ModelGraph fetched, string name)
    {
        if (!fetched.Weights.Equals(inputs.Graph.Weights))
            throw new CliException(ExitCode.Input,
                "The server's model has other tensors than the experiment's. Name the experiment that the server has, with the "
                    + "same --set.");
        // By the experiment's own graph, as a simulation has it: one that was read from a file may order what it holds otherwise.
        var last = inputs.Graph.With(fetched.ToWeights());
        var trained = ShippedModel.Of(last, inputs.Test, name);
        var source = trained.IsIntegers ? last : trained.Graph;
        return InputErrors.Explain(() =>
            ShippedModel.By(Line, source, inputs.Ships.Work(experiment, inputs.Test, Environment.ProcessorCount), inputs.Test,
                name));
    }
}
