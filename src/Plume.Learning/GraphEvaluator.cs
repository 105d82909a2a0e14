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
/// Measures accuracy, macro F1 and mean cross-entropy of a graph on a set, or R2 and mean squared error where it has numbers
/// to predict. The set is cut into chunks that do not depend on the number of threads, and their results are added in order, so
/// that neither does the result.
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
        var losses = new double[(set.Count + Chunk - 1) / Chunk];
        int[] told = new int[set.Targets is null ? set.Count : 0];
        int workers = Math.Min(threads, losses.Length);
        SideBySide.Run(workers, threads, worker =>
        {
            if (!idle.TryTake(out var tools))
                tools = (new GraphExecutor(graph), new BatchBuffer(set, Math.Min(Chunk, set.Count)));
            tools.Executor.SetWeights(model.Span);
            for (int chunk = worker; chunk < losses.Length && !cancellation.IsCancellationRequested; chunk += workers)
                losses[chunk] = Measure(tools.Executor, tools.Batch, chunk * Chunk, told);
            idle.Add(tools);
        }, cancellation);
        double loss = losses.Sum();
        if (set.Targets is not null)
            return new Evaluation(RegressionFigures.R2Of(loss, spread), loss / set.Count, set.Count);
        int right = told.Zip(set.Labels).Count(pair => pair.First == pair.Second);
        return new Evaluation((double)right / set.Count, loss / set.Count, set.Count)
        {
            MacroF1 = ClassificationFigures.MacroF1Of(set.Labels, told, set.Classes),
        };
    }

    double Measure(GraphExecutor executor, BatchBuffer batch, int start, int[] told)
    {
        using var scope = NewDisposeScope();
        int[] indices = [.. Enumerable.Range(start, Math.Min(Chunk, set.Count - start))];
        var (features, labels) = batch.Fill(indices);
        var logits = ClassScores.Of(executor.Logits(features), set);
        if (set.Targets is not null)
            return nn.functional.mse_loss(logits, labels, nn.Reduction.Sum).ToSingle();
        var loss = nn.functional.cross_entropy(logits, labels, reduction: nn.Reduction.Sum);
        logits.argmax(1).to(ScalarType.Int32).data<int>().CopyTo(told, start);
        return loss.ToSingle();
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
