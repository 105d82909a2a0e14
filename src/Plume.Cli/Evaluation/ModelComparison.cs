using System.Globalization;
using Plume.Cli.Commands;
using Plume.Cli.Errors;
using Plume.Learning.Data;
using Plume.Learning.Inference;

namespace Plume.Cli.Evaluation;

/// <summary>Measures models side by side on the same inputs, whatever ONNX Runtime can run.</summary>
static class ModelComparison
{
    static readonly TimeSpan LatencyBudget = TimeSpan.FromSeconds(1);

    /// <summary>Measures models on samples with labels.</summary>
    public static IReadOnlyList<ModelFigures> Measure(IReadOnlyList<ComparedModel> models, LabeledSet test, CancellationToken stop) =>
        Measure(models, model => InputErrors.Explain(() => ModelFeeds.Of(model, test)), test, stop);

    /// <summary>Measures models on any inputs.</summary>
    /// <param name="models">The models; the first is what the others are compared with.</param>
    /// <param name="feedsFor">The inputs for a model.</param>
    /// <param name="labeled">The same samples with their labels; null where there are none.</param>
    /// <param name="stop">Stops the work.</param>
    public static IReadOnlyList<ModelFigures> Measure(IReadOnlyList<ComparedModel> models, Func<RuntimeModel, ModelFeeds> feedsFor, LabeledSet? labeled, CancellationToken stop)
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
                new FileInfo(model.File).Length, latencies[i].TotalMicroseconds, MemoryOf(model, feeds[i].First)))];
        }
        finally
        {
            sessions.ForEach(session => session.Dispose());
        }
    }

    // In a process of its own: what one model frees, another would get for nothing.
    static long MemoryOf(ComparedModel model, ModelFeed feed)
    {
        string[] arguments = [MemoryCommand.Name, model.File, .. feed.Tensors.Select(tensor => MemoryCommand.TextOf(tensor.Shape))];
        using var process = OwnProgram.Start(arguments);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return long.TryParse(output, CultureInfo.InvariantCulture, out long bytes)
            ? bytes
            : throw new CliException(ExitCode.Run, $"The process that measures the memory of '{model.Name}' ended with {process.ExitCode}.");
    }
}
