using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Federation.Capacities;
using Plume.Federation.Methods.Exchanges;
using Plume.Models.Graph;
using Plume.Models.SubModels;

namespace Plume.Cli.Setup.Sources;

/// <summary>
/// The models of an experiment's capacities: the server's, which is that of the largest, and those of the others.
/// </summary>
/// <param name="Largest">The server's model.</param>
/// <param name="Trained">The others, as their clients train them.</param>
/// <param name="Smaller">Where these lie in it.</param>
sealed record CapacityGraphs(ModelGraph Largest, IReadOnlyList<ModelGraph> Trained, IReadOnlyList<CapacityModel> Smaller)
{
    const string Key = "exchange";

    /// <exception cref="ExperimentException">The model cannot be cut.</exception>
    public static CapacityGraphs Of(Experiment experiment, ModelGraph graph)
    {
        if (experiment.Exchange.Method is not SubModels method)
            return new CapacityGraphs(graph, [], []);
        if (experiment.Training.Precision is { } precision)
            throw Wrong(experiment, $"'{method}' has models of several widths, whose steps of '{precision}' are not one "
                + $"another's: leave one of the two out.");
        var largest = method.Capacities[0];
        var whole = largest == new Capacity(1, 1) ? graph : Cut(experiment, largest, () => SubModel.Of(graph, largest.Of)).Graph;
        var models = new List<SubModel>();
        foreach (var capacity in method.Capacities.Skip(1))
        {
            var model = Cut(experiment, capacity, () => SubModel.Of(whole, channels => capacity.Of(channels, largest)));
            if (models.Count > 0 && models[^1].Leading.Part.Equals(model.Leading.Part))
                throw Wrong(experiment, $"capacity {capacity} has as many channels as the one before it: of few channels, a "
                    + $"share is rounded up. Leave it out, or make it smaller.");
            if (method.IsRolling && model.FixedConstant is { } constant)
                throw Wrong(experiment, $"'{method}' cannot roll: the constant '{constant}' has values for single channels, and "
                    + $"does not travel. Leave 'rolling' out.");
            models.Add(model);
        }

        var trained = models.Select((model, index) =>
            method.IsScaled ? Cut(experiment, method.Capacities[index + 1], model.Scaled) : model.Graph);
        return new CapacityGraphs(whole, [.. trained],
            [.. models.Select(model =>
                new CapacityModel(model.Leading.Part, method.IsRolling ? model.SliceAt : _ => model.Leading))]);
    }

    static T Cut<T>(Experiment experiment, Capacity capacity, Func<T> cut)
    {
        try
        {
            return cut();
        }
        catch (ArgumentException misfit)
        {
            throw Wrong(experiment, $"capacity {capacity}: {InputErrors.Sentence(misfit)}");
        }
    }

    static ExperimentException Wrong(Experiment experiment, string message) =>
        experiment.Wrong(Key, $"{Key}: {message}");
}
