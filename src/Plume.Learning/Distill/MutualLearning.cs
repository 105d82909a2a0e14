using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Learning.Data;
using Plume.Learning.Execution;
using Plume.Learning.Native;
using Plume.Learning.Objectives;
using Plume.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning.Distill;

/// <summary>
/// The loss of the model that travels where a model that stays teaches it, and learns from it in the same step: each is the
/// other's teacher for the batch at hand. The one that stays takes its steps here, with the optimizer and the rate that the task
/// has.
/// </summary>
/// <remarks>For one task of one client, whose steps come one after another. The executor is another's to dispose of.</remarks>
sealed class MutualLearning : ITrainingObjective, IDisposable
{
    readonly GraphExecutor local;
    readonly LabeledSet set;
    readonly Mutual teaching;
    readonly LocalObjective objective;
    readonly RandomKey key;
    readonly OptimizerStep optimizer;
    ulong step;

    /// <param name="local">The model that stays.</param>
    /// <param name="set">The samples.</param>
    /// <param name="teaching">How the two teach each other.</param>
    /// <param name="task">The task.</param>
    public MutualLearning(GraphExecutor local, LabeledSet set, Mutual teaching, LocalTask task)
    {
        (this.local, this.set, this.teaching) = (local, set, teaching);
        (objective, key) = (task.Objective, task.Key.Fold("local model"));
        optimizer = OptimizerStep.For(objective.Optimizer, objective.Momentum,
            [new LearnedTensor(local.Weights, local.Learnable, local.Decaying, () => local.Gradients)]);
    }

    /// <inheritdoc/>
    public Tensor Loss(TrainingBatch batch)
    {
        local.Gradients.zero_();
        var scores = ClassScores.Of(local.Forward(batch.Features, key.Fold(step++)), set);
        Move(Distillation.Mixed(scores, batch.Logits.detach(), batch.Labels, teaching.Temperature, teaching.Alpha));
        return Distillation.Mixed(batch.Logits, scores.detach(), batch.Labels, teaching.Temperature, teaching.Alpha);
    }

    void Move(Tensor loss)
    {
        double value = loss.ToSingle();
        if (!double.IsFinite(value))
            throw new DivergedException(
                $"Training of the model that stays with the client diverged: its loss is {value}. Use a smaller learning rate "
                    + $"than {objective.LearningRate}.");
        loss.backward();
        using var gradientless = no_grad();
        if (objective.WeightDecay > 0)
            local.Gradients.AddProductInPlace(local.Weights, local.Decaying, objective.WeightDecay);
        optimizer.Apply(objective.LearningRate);
        local.KeepScalesPositive();
    }

    /// <inheritdoc/>
    public void Dispose() => optimizer.Dispose();
}
