using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Setup;
using Plume.Cli.Setup.Sources;
using Plume.Cli.Terminal;
using Plume.Compression.Weights;
using Plume.Learning;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Server.Federations.Definitions;

namespace Plume.Cli.Network;

/// <summary>Experiment files as federations that a server hosts.</summary>
static class ServedFederations
{
    /// <summary>The federation that an experiment describes: the same rules, model and draws as in a simulation of it.</summary>
    /// <param name="file">The experiment; null for digits over twenty clients.</param>
    /// <param name="overrides">Keys to override.</param>
    /// <param name="deadline">Time that a round's participants have.</param>
    /// <param name="startWith">Clients that must have joined before the first round; null for all.</param>
    /// <param name="away">How long a client may be silent.</param>
    /// <param name="unusedPlace">How long after that one that nobody invited keeps its place.</param>
    /// <exception cref="ExperimentException">The experiment is wrong.</exception>
    public static FederationDefinition Load(string? file, string[] overrides, TimeSpan deadline, int? startWith, TimeSpan away,
        TimeSpan unusedPlace)
    {
        var experiment = ExperimentFile.Read(file, overrides);
        var inputs = Inputs.Load(experiment);
        var options = Federations.Compressed(experiment, inputs, threads: 1);
        // On a network a round that finds no quorum today may find one tomorrow.
        var plan = options.Plan with
        {
            Deadline = deadline,
            StartWith = startWith ?? options.Plan.Clients,
            Attempts = int.MaxValue,
        };
        if (experiment.Ships is { } line)
            Tell.Note($"A server keeps the model as it is trained; what ships by '{line}' is made by: plume fetch --federation "
                + $"{experiment.Name} --experiment {file ?? "FILE"}");
        return new FederationDefinition(experiment.Name, plan, options.Seed, inputs.Graph.Weights,
            () => inputs.Graph.ToWeights().Values)
        {
            Optimizer = options.Server,
            Student = inputs.Predictions?.Student(inputs.Graph, Environment.ProcessorCount),
            Root = inputs.Root?.Learner(inputs.Graph, inputs.Train,
                inputs.WithTeachers(experiment, Environment.ProcessorCount).Teachers),
            Graph = () => OnnxFile.Write(inputs.Graph.With(new ModelWeights(inputs.Graph.Weights))),
            Constants = FrozenWeights.Of(inputs.Graph),
            SmallerGraphs = [.. inputs.Narrower.Select<ModelGraph, Func<byte[]>>(graph => () =>
                OnnxFile.Write(graph.With(new ModelWeights(graph.Weights))))],
            Evaluator = new GraphEvaluator(inputs.Graph, inputs.Test, Environment.ProcessorCount),
            Metric = experiment.Measure,
            EvaluateEvery = options.EvaluateEvery,
            Away = away,
            UnusedPlace = unusedPlace,
        };
    }
}
