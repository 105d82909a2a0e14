using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Federation.Capacities;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Notation;
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
    public static CapacityGraphs Of(Settings settings, ModelGraph graph)
    {
        if (settings.Get<ExchangeLine>(Key).Method is not SubModels method)
            return new CapacityGraphs(graph, [], []);
        if (settings.Get<TrainingLine>("training").Precision is { } precision)
            throw Wrong(settings, $"'{method}' has models of several widths, whose steps of '{precision}' are not one "
                + $"another's: leave one of the two out.");
        var largest = method.Capacities[0];
        var whole = largest == new Capacity(1, 1) ? graph : Cut(settings, largest, () => SubModel.Of(graph, largest.Of)).Graph;
        var models = new List<SubModel>();
        foreach (var capacity in method.Capacities.Skip(1))
        {
            var model = Cut(settings, capacity, () => SubModel.Of(whole, channels => capacity.Of(channels, largest)));
            if (models.Count > 0 && models[^1].Leading.Part.Equals(model.Leading.Part))
                throw Wrong(settings, $"capacity {capacity} has as many channels as the one before it: of few channels, a "
                    + $"share is rounded up. Leave it out, or make it smaller.");
            if (method.IsRolling && model.FixedConstant is { } constant)
                throw Wrong(settings, $"'{method}' cannot roll: the constant '{constant}' has values for single channels, and "
                    + $"does not travel. Leave 'rolling' out.");
            models.Add(model);
        }

        var trained = models.Select((model, index) => method.IsScaled ? Cut(settings, method.Capacities[index + 1], model.Scaled)
            : model.Graph);
        return new CapacityGraphs(whole, [.. trained],
            [.. models.Select(model =>
                new CapacityModel(model.Leading.Part, method.IsRolling ? model.SliceAt : _ => model.Leading))]);
    }

    static T Cut<T>(Settings settings, Capacity capacity, Func<T> cut)
    {
        try
        {
            return cut();
        }
        catch (ArgumentException misfit)
        {
            throw Wrong(settings, $"capacity {capacity}: {InputErrors.Sentence(misfit)}");
        }
    }

    static ExperimentException Wrong(Settings settings, string message) =>
        new([new Problem(settings.PlaceOf(Key), $"{Key}: {message}")]);
}
