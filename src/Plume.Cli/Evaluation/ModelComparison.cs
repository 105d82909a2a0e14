using System.Diagnostics;
using System.Globalization;
using Plume.Cli.Commands;
using Plume.Cli.Errors;
using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Models.Cost;

namespace Plume.Cli.Evaluation;

/// <summary>Measures models side by side on the same samples.</summary>
static class ModelComparison
{
    static readonly TimeSpan LatencyBudget = TimeSpan.FromSeconds(1);

    public static IReadOnlyList<ModelFigures> Measure(IReadOnlyList<ComparedModel> models, LabeledSet test, CancellationToken stop)
    {
        var sessions = models.Select(model => InputErrors.Explain(() => new RuntimeModel(model.Graph))).ToArray();
        try
        {
            var predictions = sessions.Select(session => InputErrors.Explain(() => Predictions.Of(session, test, stop))).ToArray();
            var latencies = Latency.Measure(sessions, test, LatencyBudget * models.Count);
            return [.. models.Select((model, i) => Of(model, predictions[i].Accuracy(test), predictions[i].Agreement(predictions[0]), latencies[i], test))];
        }
        finally
        {
            foreach (var session in sessions)
                session.Dispose();
        }
    }

    static ModelFigures Of(ComparedModel model, double accuracy, double agreement, TimeSpan latency, LabeledSet test)
    {
        var cost = GraphCost.Of(model.Graph);
        return new ModelFigures(model.Name, accuracy, agreement, cost.Parameters, cost.MultiplyAdds, new FileInfo(model.File).Length, latency.TotalMicroseconds, MemoryOf(model, test));
    }

    // In a process of its own: what one model frees, another would get for nothing.
    static long MemoryOf(ComparedModel model, LabeledSet test)
    {
        string program = typeof(ModelComparison).Assembly.Location;
        string[] arguments = [program, MemoryCommand.Name, model.File, "1", .. test.SampleShape.Select(length => length.ToString(CultureInfo.InvariantCulture))];
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? arguments : arguments[1..]) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return long.TryParse(output, CultureInfo.InvariantCulture, out long bytes)
            ? bytes
            : throw new CliException(ExitCode.Run, $"The process that measures the memory of '{model.Name}' ended with {process.ExitCode}.");
    }
}
