using Plume.Federation.Learners;
using Plume.Learning.Execution;
using static TorchSharp.torch;

namespace Plume.Learning.Objectives;

/// <summary>The optimizer of one local task: from gradients to the next weights, all tensors at once.</summary>
abstract class LocalStep : IDisposable
{
    /// <summary>The optimizer that an objective names.</summary>
    public static LocalStep For(LocalObjective objective, GraphExecutor executor) => objective.Optimizer switch
    {
        LocalOptimizer.Sgd => new SgdStep(objective, executor),
        LocalOptimizer.Adam => new AdamStep(objective, executor),
        _ => throw new ArgumentOutOfRangeException(nameof(objective), objective.Optimizer, "There is no such local optimizer."),
    };

    public abstract void Apply();

    public abstract void Dispose();
}

/// <summary>v = momentum * v + gradient; weights -= rate * v. The momentum starts at zero with every task.</summary>
sealed class SgdStep(LocalObjective objective, GraphExecutor executor) : LocalStep
{
    readonly Tensor? velocity = objective.Momentum > 0 ? zeros_like(executor.Weights).DetachFromDisposeScope() : null;

    public override void Apply()
    {
        velocity?.mul_(objective.Momentum).add_(executor.Gradients);
        executor.Weights.add_(velocity ?? executor.Gradients, alpha: -objective.LearningRate);
    }

    public override void Dispose() => velocity?.Dispose();
}

/// <summary>Adam as published (Kingma and Ba, 2015, arXiv:1412.6980), with its moments at zero at the start of every task.</summary>
sealed class AdamStep(LocalObjective objective, GraphExecutor executor) : LocalStep
{
    const double Beta1 = 0.9;
    const double Beta2 = 0.999;
    const double Epsilon = 1e-8;

    readonly Tensor mean = zeros_like(executor.Weights).DetachFromDisposeScope();
    readonly Tensor square = zeros_like(executor.Weights).DetachFromDisposeScope();
    int steps;

    public override void Apply()
    {
        steps++;
        mean.mul_(Beta1).add_(executor.Gradients, alpha: 1 - Beta1);
        square.mul_(Beta2).addcmul_(executor.Gradients, executor.Gradients, value: 1 - Beta2);
        var deviation = (square / (1 - Math.Pow(Beta2, steps))).sqrt_().add_(Epsilon);
        executor.Weights.addcdiv_(mean, deviation, value: -objective.LearningRate / (1 - Math.Pow(Beta1, steps)));
    }

    public override void Dispose()
    {
        mean.Dispose();
        square.Dispose();
    }
}
