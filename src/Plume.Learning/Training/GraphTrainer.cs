using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Learning.Data;
using Plume.Learning.Execution;
using Plume.Models.Graph;

namespace Plume.Learning.Training;

/// <summary>
/// Trains a graph on data in one place: to make a model, to fine-tune a pruned one, to learn from a teacher, to learn with few
/// bits.
/// </summary>
/// <remarks>The same graph, data, options and key give the same bits on any number of threads.</remarks>
public sealed class GraphTrainer : IDisposable
{
    readonly ModelGraph graph;
    readonly LabeledSet set;
    readonly TrainingOptions options;
    readonly TrainingShard[] shards;
    readonly int threads;

    /// <summary>A trainer for a graph; its weights are where training starts.</summary>
    /// <param name="graph">The model: one input of the samples' shape, one output [N, classes].</param>
    /// <param name="set">The samples.</param>
    /// <param name="options">How it is trained.</param>
    /// <param name="threads">Parts of a batch that are worked on at once; the result does not depend on it.</param>
    /// <exception cref="UnsupportedOperatorException">The graph cannot be run.</exception>
    /// <exception cref="ArgumentException">The graph does not fit the samples.</exception>
    public GraphTrainer(ModelGraph graph, LabeledSet set, TrainingOptions options, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        SampleFit.Check(graph, set);
        (this.graph, this.set, this.options, this.threads) = (graph, set, options, threads);
        int largest = (Math.Min(options.BatchSize, set.Count) + options.Shards - 1) / options.Shards;
        shards = [.. Enumerable.Range(0, options.Shards).Select(_ => new TrainingShard(new GraphExecutor(graph), set, largest))];
    }

    /// <summary>
    /// Trains from the graph's weights. A model that does not say what its samples are says from now on what these were.
    /// </summary>
    /// <param name="objective">What is minimized.</param>
    /// <param name="key">Where the order of the samples and dropout draw from.</param>
    /// <param name="constraint">What the weights must keep to, or null.</param>
    /// <param name="report">Told the epoch, from 1, and its mean loss.</param>
    /// <param name="cancellation">Stops the work; nothing of it is kept.</param>
    /// <exception cref="DivergedException">The loss is no longer finite.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public ModelGraph Train(ITrainingObjective objective, RandomKey key, IWeightConstraint? constraint = null,
        Action<int, double>? report = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(objective);
        var start = graph.ToWeights();
        foreach (var shard in shards)
            shard.Executor.SetWeights(start.Values);
        var loop = new TrainingLoop(new GraphGradients(graph.Name, shards, objective, threads), LoopSettings.Of(options));
        loop.Run([.. Enumerable.Range(0, set.Count)], key, constraint, report, cancellation);
        var trained = new ModelWeights(graph.Weights);
        shards[0].Executor.GetWeights(trained.Values);
        return set.Schema.AddTo(graph.With(trained));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var shard in shards)
        {
            shard.Executor.Dispose();
            shard.Dispose();
        }
    }
}
