using Plume.Cli.Errors;
using Plume.Learning.Data;
using Plume.Learning.Inference;

namespace Plume.Cli.Evaluation;

/// <summary>Measures models side by side on the same inputs, whatever ONNX Runtime can run.</summary>
static class ModelComparison
{
    static readonly TimeSpan LatencyBudget = TimeSpan.FromSeconds(1);

    /// <summary>Measures models on samples with labels.</summary>
    public static IReadOnlyList<ModelFigures> Measure(IReadOnlyList<ComparedModel> models, LabeledSet test,
        CancellationToken stop) =>
        Measure(models, model => InputErrors.Explain(() => ModelFeeds.Of(model, test)), test, stop);

    /// <summary>Measures models on any inputs.</summary>
    /// <param name="models">The models; the first is what the others are compared with.</param>
    /// <param name="feedsFor">The inputs for a model.</param>
    /// <param name="labeled">The same samples with their labels; null where there are none.</param>
    /// <param name="stop">Stops the work.</param>
    public static IReadOnlyList<ModelFigures> Measure(IReadOnlyList<ComparedModel> models,
        Func<RuntimeModel, ModelFeeds> feedsFor, LabeledSet? labeled, CancellationToken stop)
    {
        var sessions = new List<RuntimeModel>();
        try
        {
            foreach (var model in models)
                sessions.Add(model.Open());
            ModelFeeds[] feeds = [.. sessions.Select(feedsFor)];
            var outputs = InputErrors.Explain(() => ComparedOutputs.Of(sessions, feeds, labeled, stop));
            var latencies = Latency.Measure(sessions, [.. feeds.Select(each => each.First)], LatencyBudget * models.Count);
            return [.. models.Select((model, i) => new ModelFigures(
                model.Name, outputs[i].Accuracy, outputs[i].Agreement, outputs[i].Nmse, model.Parameters, model.MultiplyAdds(),
                new FileInfo(model.File).Length, latencies[i].TotalMicroseconds, RuntimeMemory.Of(model, feeds[i].First))
            {
                Figures = outputs[i].Figures,
                Regression = outputs[i].Regression,
            })];
        }
        finally
        {
            sessions.ForEach(session => session.Dispose());
        }
    }
}
