using System.Runtime.InteropServices;
using Plume.Compression.Weights;
using Plume.Learning.Data;
using Plume.Learning.Execution;
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

    /// <summary>Runs samples through a graph, in order, and hands out the values of named tensors batch by batch.</summary>
    /// <param name="graph">The graph, run as for inference.</param>
    /// <param name="set">The samples, all of them.</param>
    /// <param name="names">Names of inputs, and of values that nodes write.</param>
    /// <param name="observe">Called for each batch and name, one at a time.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">The graph does not fit the samples, or has no value of that name.</exception>
    /// <exception cref="UnsupportedOperatorException">The graph cannot be run.</exception>
    public static void Values(ModelGraph graph, LabeledSet set, IReadOnlyCollection<string> names, ValuesObserver observe, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(observe);
        SampleFit.Check(graph, set);
        using var executor = new GraphExecutor(graph);
        using var buffer = new BatchBuffer(set, Math.Min(Batch, set.Count));
        foreach (int[] samples in Enumerable.Range(0, set.Count).Chunk(Batch))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            executor.Logits(buffer.Fill(samples).Features);
            foreach (string name in names)
            {
                var values = executor.Value(name).detach().contiguous();
                observe(name, MemoryMarshal.Cast<byte, float>(values.bytes));
            }
        }
    }

    /// <summary>The gradient of the mean cross-entropy by every weight, batch by batch, with the weights as they are.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="set">The samples.</param>
    /// <param name="batchSize">Samples of one gradient.</param>
    /// <param name="observe">Called for each batch; the gradients are overwritten by the next.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">The graph does not fit the samples.</exception>
    /// <exception cref="UnsupportedOperatorException">The graph cannot be run.</exception>
    public static void Gradients(ModelGraph graph, LabeledSet set, int batchSize, Action<ModelWeights> observe, CancellationToken cancellation = default)
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
            nn.functional.cross_entropy(executor.Forward(features, default), labels).backward();
            executor.Gradients.bytes.CopyTo(MemoryMarshal.AsBytes((Span<float>)gradients.Values));
            observe(gradients);
        }
    }
}
