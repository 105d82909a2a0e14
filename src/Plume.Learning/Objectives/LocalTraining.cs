using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Learning.Data;
using Plume.Learning.Execution;
using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning.Objectives;

/// <summary>Local epochs of cross-entropy over one client's samples, on one executor.</summary>
static class LocalTraining
{
    /// <returns>The mean loss over the steps of the last epoch.</returns>
    public static double Run(GraphExecutor executor, LabeledSet set, int[] indices, LocalTask task, CancellationToken cancellation)
    {
        var objective = task.Objective;
        executor.SetWeights(task.Received.Span);
        using var whole = NewDisposeScope();
        using var optimizer = OptimizerStep.For(objective.Optimizer, objective.Momentum, executor);
        using var batches = new BatchBuffer(set, Math.Min(objective.BatchSize, indices.Length));
        var anchor = objective.Proximal > 0 ? executor.Weights.clone() : null;
        int[] order = [.. indices];
        double loss = 0;
        for (int epoch = 0; epoch < objective.Epochs; epoch++)
        {
            var key = task.Key.Fold("epoch").Fold((ulong)epoch);
            new RandomDraws(key).Shuffle(order.AsSpan());
            loss = 0;
            int steps = 0;
            for (int start = 0; start < order.Length; start += objective.BatchSize, steps++)
            {
                cancellation.ThrowIfCancellationRequested();
                using var step = NewDisposeScope();
                var (features, labels) = batches.Fill(order.AsSpan(start, Math.Min(objective.BatchSize, order.Length - start)));
                executor.Gradients.zero_();
                var error = nn.functional.cross_entropy(executor.Forward(features, key.Fold((ulong)steps)), labels);
                error.backward();
                loss += error.ToSingle();
                using var gradientless = no_grad();
                AddPenalties(executor, objective, anchor);
                optimizer.Apply(objective.LearningRate);
            }

            loss /= Math.Max(1, steps);
        }

        return loss;
    }

    // The penalties' gradients, added where values are learned: a running statistic has neither.
    static void AddPenalties(GraphExecutor executor, LocalObjective objective, Tensor? anchor)
    {
        if (objective.WeightDecay > 0)
            executor.Gradients.addcmul_(executor.Weights, executor.Learnable, value: objective.WeightDecay);
        if (anchor is not null)
            executor.Gradients.addcmul_(executor.Weights - anchor, executor.Learnable, value: objective.Proximal);
    }
}
