using System.Runtime.InteropServices;
using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Learning.Data;
using Plume.Learning.Execution;
using Plume.Learning.Inference;
using Plume.Learning.Objectives;
using Plume.Learning.Training;
using Plume.Models.Graph;
using static TorchSharp.torch;

namespace Plume.Learning.Calibration;

/// <summary>Told the values of one tensor inside a graph for one batch; they are gone when the call returns.</summary>
public delegate void ValuesObserver(string name, ReadOnlySpan<float> values);

/// <summary>Looks into a graph while data runs through it: the values inside, and the gradients of the weights.</summary>
public static class GraphObserver
{
    const int Batch = 50;

    /// <summary>
    /// Runs samples through a graph in ONNX Runtime, in order, and hands out the values of named tensors batch by batch.
    /// </summary>
    /// <param name="graph">The graph, run as for inference.</param>
    /// <param name="set">The samples, all of them.</param>
    /// <param name="names">Names of inputs, and of values of floats that nodes write.</param>
    /// <param name="observe">Called for each batch and name, one at a time.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">The graph does not fit the samples, or has no value of that name.</exception>
    /// <exception cref="InvalidPayloadException">ONNX Runtime cannot run the graph.</exception>
    public static void Values(ModelGraph graph, LabeledSet set, IReadOnlyCollection<string> names, ValuesObserver observe,
        CancellationToken cancellation = default)
    {
        using var model = Observed(graph, names);
        Values(model, ModelFeeds.Of(model, set, Batch), names, observe, cancellation);
    }

    /// <summary>The same for a model with any inputs.</summary>
    /// <param name="graph">The graph, run as for inference.</param>
    /// <param name="feeds">The inputs, all of them.</param>
    /// <param name="names">Names of inputs, and of values of floats that nodes write.</param>
    /// <param name="observe">Called for each run and name, one at a time.</param>
    /// <param name="load">Loads the graph that gives back the named values; null for one that is loaded from memory.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">The graph does not fit the inputs, or has no value of that name.</exception>
    /// <exception cref="InvalidPayloadException">ONNX Runtime cannot run the graph.</exception>
    public static void Values(
        ModelGraph graph, ModelFeeds feeds, IReadOnlyCollection<string> names, ValuesObserver observe,
        Func<ModelGraph, RuntimeModel>? load = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(feeds);
        using var model = Observed(graph, names, load);
        Values(model, feeds, names, observe, cancellation);
    }

    static RuntimeModel Observed(ModelGraph graph, IReadOnlyCollection<string> names, Func<ModelGraph, RuntimeModel>? load = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(names);
        var inputs = graph.Inputs.Select(input => input.Name).ToHashSet(StringComparer.Ordinal);
        var observing = graph.Observing(names.Where(name => !inputs.Contains(name)));
        return load is null ? new RuntimeModel(observing) : load(observing);
    }

    static void Values(RuntimeModel model, ModelFeeds feeds, IReadOnlyCollection<string> names, ValuesObserver observe,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(observe);
        for (int run = 0; run < feeds.Count; run++)
        {
            cancellation.ThrowIfCancellationRequested();
            var feed = feeds[run];
            var values = feed.Tensors.Concat(model.Run(feed.Tensors)).DistinctBy(value => value.Name)
                .ToDictionary(value => value.Name, StringComparer.Ordinal);
            foreach (string name in names)
                observe(name, OfSamples(values[name], feed));
        }
    }

    // Without the repetitions that fill a fixed batch.
    static ReadOnlySpan<float> OfSamples(RuntimeTensor value, ModelFeed feed)
    {
        float[] floats = value.ToFloats();
        return value.Shape.Count > 0 && value.Shape[0] == feed.Batch ? floats.AsSpan(0, floats.Length / feed.Batch * feed.Samples)
            : floats;
    }

    /// <summary>The gradient of the mean cross-entropy by every weight, batch by batch, with the weights as they are.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="set">The samples.</param>
    /// <param name="batchSize">Samples of one gradient.</param>
    /// <param name="observe">Called for each batch; the gradients are overwritten by the next.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="MisfitException">The graph does not fit the samples.</exception>
    /// <exception cref="UnsupportedOperatorException">The graph cannot be run.</exception>
    public static void Gradients(ModelGraph graph, LabeledSet set, int batchSize, Action<ModelWeights> observe,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(observe);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        SampleFit.Check(graph, set);
        using var executor = new GraphExecutor(graph);
        using var buffer = new BatchBuffer(set, Math.Min(batchSize, set.Count));
        var gradients = new ModelWeights(graph.Weights);
        foreach (int[] samples in Enumerable.Range(0, set.Count).Chunk(batchSize))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var (features, labels) = buffer.Fill(samples);
            executor.Gradients.zero_();
            var scores = Training.ClassScores.Of(executor.Forward(features, default), set);
            var loss = set.Targets is null ? nn.functional.cross_entropy(scores, labels) : nn.functional.mse_loss(scores, labels);
            loss.backward();
            executor.Gradients.bytes.CopyTo(MemoryMarshal.AsBytes((Span<float>)gradients.Values));
            observe(gradients);
        }
    }
}
