using Plume.Compression.Wire;
using Plume.Learning.Data;
using Plume.Learning.Inference.Metrics;

namespace Plume.Learning.Inference;

/// <summary>The class that a model gives to every sample of a set, run in ONNX Runtime.</summary>
/// <param name="Classes">The most likely class of each sample; the first of equals. A single score is class 1 where it speaks for
/// it, else class 0.</param>
public sealed record Predictions(IReadOnlyList<int> Classes)
{
    /// <summary>The scores of all samples, row after row; empty where they were not kept.</summary>
    public ReadOnlyMemory<float> Scores { get; init; }

    /// <summary>How close the numbers come to those that samples have to predict, in their own units.</summary>
    /// <exception cref="ArgumentException">The model gives not one number a sample, or the set has no such targets.</exception>
    public RegressionFigures RegressionOf(LabeledSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        return set.Targets is null ? throw new ArgumentException($"'{set.Name}' has classes and no numbers to predict.", nameof(set))
            : RegressionFigures.Of(set.Targets, Scores.Span, set.Schema.Target?.Scale ?? 1);
    }

    /// <summary>How well each class is told from the others.</summary>
    /// <exception cref="ArgumentException">The set has another number of samples.</exception>
    public ClassificationFigures FiguresOf(LabeledSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        return ClassificationFigures.Of(set.Labels, [.. Classes], Scores.Span, set.Classes, set.Schema.Classes);
    }

    /// <summary>Runs the model over the set.</summary>
    /// <exception cref="ArgumentException">The model does not fit the samples.</exception>
    /// <exception cref="InvalidPayloadException">ONNX Runtime cannot run it, or its output is no classifier's.</exception>
    public static Predictions Of(RuntimeModel model, LabeledSet set, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(set);
        if (model.Inputs.Count != 1 || model.Outputs.Count != 1)
            throw new ArgumentException(
                $"A classifier has one input and one output, but '{model.Name}' has {model.Inputs.Count} and "
                    + $"{model.Outputs.Count}.");
        var scores = new ClassScores(IsProbability(model));
        var feeds = ModelFeeds.Of(model, set);
        for (int run = 0; run < feeds.Count; run++)
        {
            cancellation.ThrowIfCancellationRequested();
            var feed = feeds[run];
            var output = model.Run(feed.Tensors)[0];
            if (!scores.Add(output.Shape, output.ToFloats(), feed))
                throw new InvalidPayloadException(
                    $"The model gives [{string.Join(", ", output.Shape)}] numbers for {feed.Batch} samples; a classifier gives "
                        + $"one a class and sample.");
        }

        return new Predictions(scores.Classes()) { Scores = scores.Rows.ToArray() };
    }

    /// <summary>Share of the samples whose class is the label; R2 where they have a number to predict.</summary>
    public double Accuracy(LabeledSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        return set.Targets is null ? Agreement(set.Labels) : RegressionOf(set).R2;
    }

    /// <summary>Share of the samples that get the same class from another model.</summary>
    public double Agreement(Predictions other) => Agreement(other.Classes);

    /// <summary>Whether a single score is a probability, as far as the graph says.</summary>
    internal static bool? IsProbability(RuntimeModel model) => model.Graph is null ? null
        : model.Graph.ProducerOf(model.Outputs[0].Name) is { OpType: "Sigmoid" };

    double Agreement(IReadOnlyList<int> others)
    {
        int same = 0;
        for (int i = 0; i < Classes.Count; i++)
            same += Classes[i] == others[i] ? 1 : 0;
        return (double)same / Classes.Count;
    }
}
