using System.Runtime.InteropServices;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Learning.Data;
using Plume.Learning.Execution;
using Plume.Learning.Objectives;
using Plume.Models.Graph;
using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning.Training;

/// <summary>Trains a graph on data in one place: to make a model, to fine-tune a pruned one, to learn from a teacher, to learn with few bits.</summary>
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
        shards = [.. Enumerable.Range(0, options.Shards).Select(_ => new TrainingShard(graph, set, largest))];
    }

    /// <summary>Trains from the graph's weights.</summary>
    /// <param name="objective">What is minimized.</param>
    /// <param name="key">Where the order of the samples and dropout draw from.</param>
    /// <param name="constraint">What the weights must keep to, or null.</param>
    /// <param name="report">Told the epoch, from 1, and its mean loss.</param>
    /// <param name="cancellation">Stops the work; nothing of it is kept.</param>
    /// <exception cref="DivergedException">The loss is no longer finite.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public ModelGraph Train(ITrainingObjective objective, RandomKey key, IWeightConstraint? constraint = null, Action<int, double>? report = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(objective);
        var start = graph.ToWeights();
        foreach (var shard in shards)
            shard.Executor.SetWeights(start.Values);
        using var whole = NewDisposeScope();
        using var optimizer = OptimizerStep.For(options.Optimizer, options.Momentum, shards[0].Executor);
        int[] order = [.. Enumerable.Range(0, set.Count)];
        int stepsAnEpoch = (set.Count + options.BatchSize - 1) / options.BatchSize;
        for (int epoch = 0; epoch < options.Epochs; epoch++)
        {
            var epochKey = key.Fold("epoch").Fold((ulong)epoch);
            new RandomDraws(epochKey).Shuffle(order.AsSpan());
            double loss = 0;
            for (int step = 0; step < stepsAnEpoch; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                int from = step * options.BatchSize, done = epoch * stepsAnEpoch + step, all = options.Epochs * stepsAnEpoch;
                var batch = order.AsMemory(from, Math.Min(options.BatchSize, set.Count - from));
                double share = Step(objective, optimizer, batch, (double)done / all, epochKey.Fold((ulong)step));
                if (!double.IsFinite(share))
                    throw new DivergedException($"Training of '{graph.Name}' diverged: the loss is {share} in epoch {epoch + 1}. Use a smaller learning rate than {options.LearningRate}.");
                loss += batch.Length * share;
                constraint?.Enforce(MemoryMarshal.Cast<byte, float>(shards[0].Executor.Weights.bytes), (double)(done + 1) / all);
                for (int i = 1; i < shards.Length; i++)
                    shards[i].Follow(shards[0]);
            }

            report?.Invoke(epoch + 1, loss / set.Count);
        }

        var trained = new ModelWeights(graph.Weights);
        shards[0].Executor.GetWeights(trained.Values);
        return graph.With(trained);
    }

    double Step(ITrainingObjective objective, OptimizerStep optimizer, ReadOnlyMemory<int> batch, double progress, RandomKey key)
    {
        int worked = Math.Min(shards.Length, batch.Length);
        var losses = new double[worked];
        SideBySide.Run(worked, threads, i =>
        {
            int from = (int)((long)batch.Length * i / worked), to = (int)((long)batch.Length * (i + 1) / worked);
            losses[i] = shards[i].Backward(objective, batch[from..to], batch.Length, progress, key.Fold((ulong)i));
        });

        using var scope = NewDisposeScope();
        using var gradientless = no_grad();
        var leader = shards[0].Executor;
        for (int i = 1; i < worked; i++)
            leader.Gradients.add_(shards[i].Executor.Gradients);
        if (leader.HasStatistics)
            TrainingShard.JoinStatistics(shards.AsSpan(0, worked));
        double norm = leader.Gradients.norm().ToDouble();
        if (norm > options.ClipNorm)
            leader.Gradients.mul_(options.ClipNorm / norm);
        if (options.WeightDecay > 0)
            leader.Gradients.addcmul_(leader.Weights, leader.Decaying, value: options.WeightDecay);
        optimizer.Apply(options.RateAt(progress));
        leader.KeepScalesPositive();
        return losses.Sum();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var shard in shards)
            shard.Dispose();
    }
}
