using Plume.Compression.Randomness;
using Plume.Federation.Labels;
using Plume.Federation.Learners;
using Plume.Learning.Execution;
using Plume.Learning.Training;
using Plume.Models.Graph;

namespace Plume.Learning.Distill;

/// <summary>
/// The server's own model, taught on a public set. A batch is cut into a fixed number of shards, so that threads change nothing.
/// </summary>
public sealed class PublicStudent : IStudent, IDisposable
{
    const int Shards = 2;

    readonly ModelGraph graph;
    readonly PublicSamples samples;
    readonly int threads;
    readonly GraphExecutor[] executors;

    /// <summary>A student.</summary>
    /// <param name="graph">The model; its weights only shape the layout.</param>
    /// <param name="samples">The public set.</param>
    /// <param name="threads">Threads that teach it; the result does not depend on it.</param>
    /// <exception cref="MisfitException">The model does not take the samples.</exception>
    public PublicStudent(ModelGraph graph, PublicSamples samples, int threads)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        SampleFit.Check(graph, samples.Samples);
        (this.graph, this.samples, this.threads) = (graph, samples, threads);
        executors = [.. Enumerable.Range(0, Shards).Select(_ => new GraphExecutor(graph))];
    }

    /// <inheritdoc/>
    /// <exception cref="DivergedException">The loss is no longer finite.</exception>
    public void Learn(Span<float> weights, PublicLabels taught, LocalObjective objective, RandomKey key)
    {
        ArgumentNullException.ThrowIfNull(objective);
        int largest = (Math.Min(objective.BatchSize, Math.Max(1, taught.Count)) + Shards - 1) / Shards;
        TrainingShard[] shards = [.. executors.Select(executor => new TrainingShard(executor, samples.Samples, largest))];
        try
        {
            foreach (var executor in executors)
                executor.SetWeights(weights);
            var source = new GraphGradients(graph.Name, shards, new SoftTargets(taught, samples.Terms.Classes), threads);
            new TrainingLoop(source, LoopSettings.Of(objective)).Run(taught.Samples.Span, key);
            executors[0].GetWeights(weights);
        }
        finally
        {
            Array.ForEach(shards, shard => shard.Dispose());
        }
    }

    /// <inheritdoc/>
    public void Predict(ReadOnlySpan<float> weights, ReadOnlySpan<int> samples, Span<float> shares)
    {
        executors[0].SetWeights(weights);
        this.samples.Predict(executors[0], samples, shares);
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(executors, executor => executor.Dispose());
}
