using System.Collections.Concurrent;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Learning.Data;
using Plume.Learning.Execution;
using Plume.Learning.Training;
using Plume.Models.Graph;

namespace Plume.Learning;

/// <summary>
/// Trains an ONNX graph for any number of clients whose samples lie in one set. Calls from several threads each use an
/// executor of their own, one torch thread each; the bits do not depend on which.
/// </summary>
public sealed class GraphLearner : ILearner, IDisposable
{
    readonly ModelGraph graph;
    readonly LabeledSet set;
    readonly IReadOnlyList<int[]> samples;
    readonly ConcurrentBag<GraphExecutor> idle = [];

    /// <summary>A learner for a graph.</summary>
    /// <param name="graph">The model; its weights only shape the layout.</param>
    /// <param name="set">All samples.</param>
    /// <param name="samples">For each client the indices of its samples.</param>
    /// <exception cref="UnsupportedOperatorException">The graph cannot be run.</exception>
    /// <exception cref="ArgumentException">The graph does not fit the samples.</exception>
    public GraphLearner(ModelGraph graph, LabeledSet set, IReadOnlyList<int[]> samples)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(set);
        SampleFit.Check(graph, set);
        (this.graph, this.set, this.samples) = (graph, set, samples);
        idle.Add(new GraphExecutor(graph));
    }

    /// <inheritdoc/>
    public ModelLayout Layout => graph.Weights;

    /// <inheritdoc/>
    public bool TakesCorrections => true;

    /// <inheritdoc/>
    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (!idle.TryTake(out var executor))
            executor = new GraphExecutor(graph);
        try
        {
            int[] own = samples[task.Client];
            executor.SetWeights(task.Received.Span);
            using var shard = new TrainingShard(executor, set, Math.Min(task.Objective.BatchSize, own.Length));
            var loop = new TrainingLoop(new GraphGradients(graph.Name, [shard], new CrossEntropy(), threads: 1), LoopSettings.Of(task));
            var last = loop.Run(own, task.Key, LiveWeights.Of(task), cancellation: cancellation);
            executor.GetWeights(trained);
            return new LocalOutcome(own.Length, last.OfSteps) { Steps = loop.StepsFor(own.Length) };
        }
        catch (DivergedException)
        {
            return new LocalOutcome(samples[task.Client].Length, double.NaN);
        }
        finally
        {
            idle.Add(executor);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (idle.TryTake(out var executor))
            executor.Dispose();
    }
}
