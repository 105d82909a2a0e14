using System.Collections.Concurrent;
using Plume.Federation.Learners;
using Plume.Learning.Data;
using Plume.Learning.Execution;
using Plume.Learning.Inference.Metrics;
using Plume.Learning.Objectives;
using Plume.Learning.Training;
using Plume.Models.Graph;
using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning;

/// <summary>
/// Measures accuracy and mean cross-entropy of a graph on a set, or R2 and mean squared error where it has numbers to predict.
/// The set is cut into chunks that do not depend on the number of threads, and their results are added in order, so that neither
/// does the result.
/// </summary>
public sealed class GraphEvaluator : IEvaluator, IDisposable
{
    const int Chunk = 50;

    readonly ModelGraph graph;
    readonly LabeledSet set;
    readonly int threads;
    readonly double spread;
    readonly ConcurrentBag<(GraphExecutor Executor, BatchBuffer Batch)> idle = [];

    /// <summary>An evaluator on a number of threads.</summary>
    /// <exception cref="MisfitException">The graph does not fit the samples.</exception>
    public GraphEvaluator(ModelGraph graph, LabeledSet set, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        SampleFit.Check(graph, set);
        (this.graph, this.set, this.threads) = (graph, set, threads);
        spread = set.Targets is null ? 0 : RegressionFigures.SpreadOf(set.Targets);
    }

    /// <inheritdoc/>
    public Evaluation Evaluate(ReadOnlyMemory<float> model, CancellationToken cancellation)
    {
        var results = new (int Correct, double Loss)[(set.Count + Chunk - 1) / Chunk];
        int workers = Math.Min(threads, results.Length);
        SideBySide.Run(workers, threads, worker =>
        {
            if (!idle.TryTake(out var tools))
                tools = (new GraphExecutor(graph), new BatchBuffer(set, Math.Min(Chunk, set.Count)));
            tools.Executor.SetWeights(model.Span);
            for (int chunk = worker; chunk < results.Length && !cancellation.IsCancellationRequested; chunk += workers)
                results[chunk] = Measure(tools.Executor, tools.Batch, chunk * Chunk);
            idle.Add(tools);
        }, cancellation);
        double loss = results.Sum(result => result.Loss);
        return new Evaluation(set.Targets is null ? (double)results.Sum(result => result.Correct) / set.Count
            : RegressionFigures.R2Of(loss, spread), loss / set.Count, set.Count);
    }

    (int Correct, double Loss) Measure(GraphExecutor executor, BatchBuffer batch, int start)
    {
        using var scope = NewDisposeScope();
        int[] indices = [.. Enumerable.Range(start, Math.Min(Chunk, set.Count - start))];
        var (features, labels) = batch.Fill(indices);
        var logits = ClassScores.Of(executor.Logits(features), set);
        if (set.Targets is not null)
            return (0, nn.functional.mse_loss(logits, labels, nn.Reduction.Sum).ToSingle());
        var loss = nn.functional.cross_entropy(logits, labels, reduction: nn.Reduction.Sum);
        return ((int)logits.argmax(1).eq(labels).sum().ToInt64(), loss.ToSingle());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (idle.TryTake(out var tools))
        {
            tools.Executor.Dispose();
            tools.Batch.Dispose();
        }
    }
}
