using Plume.Compression.Wire;
using Plume.Learning.Data;
using Plume.Learning.Inference.Metrics;
using Plume.Learning.Training;

namespace Plume.Learning.Inference;

/// <summary>What came of running a model beside the first of a row of models on the same inputs.</summary>
/// <param name="Accuracy">Share of the samples whose class is the label; null without labels, or where the first output is no
/// class scores.</param>
/// <param name="Agreement">Share of the samples with the first model's class; null where the first output is no class
/// scores.</param>
/// <param name="Nmse">Squared error against the first model's output, over the squares of that; the largest of all outputs; null
/// where they are not the same outputs.</param>
public sealed record ComparedOutputs(double? Accuracy, double? Agreement, double? Nmse)
{
    /// <summary>How well each class is told from the others; null without labels or class scores.</summary>
    public ClassificationFigures? Figures { get; init; }

    /// <summary>How close the first output comes to the numbers to predict; null where samples have none.</summary>
    public RegressionFigures? Regression { get; init; }

    /// <summary>Runs models side by side, in as small steps as each takes.</summary>
    /// <param name="models">The models.</param>
    /// <param name="feeds">The same samples for each of them.</param>
    /// <param name="labeled">The samples with their labels; null where there are none.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">The models or the labels do not fit each other.</exception>
    /// <exception cref="InvalidPayloadException">ONNX Runtime cannot run a model.</exception>
    public static ComparedOutputs[] Of(IReadOnlyList<RuntimeModel> models, IReadOnlyList<ModelFeeds> feeds, LabeledSet? labeled,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(feeds);
        // All in the same steps: outputs are compared run by run.
        int perRun = feeds.Min(each => each.PerRun);
        ModelFeeds[] steps = [.. feeds.Select(each => each.InRunsOf(perRun))];
        var running = models.Select(model => new RunningOutputs(model, models[0])).ToArray();
        for (int run = 0; run < steps[0].Count; run++)
        {
            cancellation.ThrowIfCancellationRequested();
            IReadOnlyList<RuntimeTensor>? first = null;
            for (int i = 0; i < models.Count; i++)
            {
                var feed = steps[i][run];
                var outputs = models[i].Run(feed.Tensors);
                running[i].Add(outputs, first ??= outputs, feed);
            }
        }

        return [.. running.Select(each => each.Summary(running[0], labeled))];
    }

    sealed class RunningOutputs(RuntimeModel model, RuntimeModel first)
    {
        readonly ClassScores scores = new(Predictions.IsProbability(model));
        readonly OutputError[]? errors = model.Outputs.Select(output => output.Name)
            .SequenceEqual(first.Outputs.Select(output => output.Name)) || model.Outputs.Count == 1 && first.Outputs.Count == 1
            ? [.. first.Outputs.Select(output => new OutputError(output.Name, output.ElementType))]
            : null;
        bool isClassifier = model.Outputs.Count > 0 && new OutputError("", model.Outputs[0].ElementType).IsFloat;
        int[]? classes;

        int[]? Classes => classes ??= isClassifier ? scores.Classes() : null;

        public void Add(RuntimeTensor[] outputs, IReadOnlyList<RuntimeTensor> wanted, ModelFeed feed)
        {
            isClassifier = isClassifier && scores.Add(outputs[0].Shape, outputs[0].ToFloats(), feed);
            for (int i = 0; errors is not null && i < errors.Length; i++)
                errors[i].Add(wanted[i].ToFloats(), outputs[i].ToFloats());
        }

        public ComparedOutputs Summary(RunningOutputs beside, LabeledSet? labeled)
        {
            double? nmse = errors is null || errors.Length == 0 ? null : errors.Max(error => error.Value);
            if (labeled?.Targets is { } targets)
                return new ComparedOutputs(null, null, nmse)
                {
                    Regression = Classes is null || scores.Width != 1
                        ? throw new MisfitException($"Model '{model.Name}' gives {scores.Width} numbers of a sample, but {labeled.Name} has one to predict.")
                        : RegressionFigures.Of(targets, InUnitsOf(labeled.Schema.Target), labeled.Schema.Target?.Scale ?? 1),
                };
            if (labeled is not null && Classes is not null && scores.Width < labeled.Classes
                && !(scores.Width == 1 && labeled.Classes <= 2))
                throw new MisfitException(
                    $"Model '{model.Name}' tells {Math.Max(2, scores.Width)} classes apart, but {labeled.Name} has "
                        + $"{labeled.Classes}.");
            return new ComparedOutputs(
                labeled is null || Classes is null ? null : Share(Classes, labeled.Labels),
                Classes is null || beside.Classes is null ? null : Share(Classes, beside.Classes),
                nmse)
            {
                Figures = labeled is null || Classes is null ? null
                    : ClassificationFigures.Of(labeled.Labels, Classes, scores.Rows, labeled.Classes, labeled.Schema.Classes),
            };
        }

        // Each model says how its target was normalized.
        float[] InUnitsOf(TargetColumn? target)
        {
            var own = model.Graph is null ? null : SampleSchema.Of(model.Graph).Target;
            return own is null || target is null || (own.Mean, own.Scale) == (target.Mean, target.Scale) ? scores.Rows.ToArray()
                : Array.ConvertAll(scores.Rows.ToArray(), told => target.Apply(told * own.Scale + own.Mean));
        }

        static double Share(int[] some, int[] others) =>
            (double)some.Zip(others).Count(pair => pair.First == pair.Second) / some.Length;
    }
}
