using Plume.Federation.Learners;
using Plume.Learning.Execution;
using static TorchSharp.torch;

namespace Plume.Learning.Objectives;

/// <summary>An optimizer: from gradients to the next weights, all tensors at once.</summary>
abstract class OptimizerStep : IDisposable
{
    /// <summary>The optimizer of that name, with its moments at zero.</summary>
    public static OptimizerStep For(LocalOptimizer optimizer, double momentum, GraphExecutor executor) => optimizer switch
    {
        LocalOptimizer.Sgd => new SgdStep(momentum, executor),
        LocalOptimizer.Adam => new AdamStep(executor),
        _ => throw new ArgumentOutOfRangeException(nameof(optimizer), optimizer, "There is no such optimizer."),
    };

    public abstract void Apply(double learningRate);

    public abstract void Dispose();
}

/// <summary>v = momentum * v + gradient; weights -= rate * v.</summary>
sealed class SgdStep(double momentum, GraphExecutor executor) : OptimizerStep
{
    readonly Tensor? velocity = momentum > 0 ? zeros_like(executor.Weights).DetachFromDisposeScope() : null;

    public override void Apply(double learningRate)
    {
        velocity?.mul_(momentum).add_(executor.Gradients);
        executor.Weights.add_(velocity ?? executor.Gradients, alpha: -learningRate);
    }

    public override void Dispose() => velocity?.Dispose();
}

/// <summary>Adam as published (Kingma and Ba, 2015, arXiv:1412.6980).</summary>
sealed class AdamStep(GraphExecutor executor) : OptimizerStep
{
    const double Beta1 = 0.9;
    const double Beta2 = 0.999;
    const double Epsilon = 1e-8;

    readonly Tensor mean = zeros_like(executor.Weights).DetachFromDisposeScope();
    readonly Tensor square = zeros_like(executor.Weights).DetachFromDisposeScope();
    int steps;

    public override void Apply(double learningRate)
    {
        steps++;
        mean.mul_(Beta1).add_(executor.Gradients, alpha: 1 - Beta1);
        square.mul_(Beta2).addcmul_(executor.Gradients, executor.Gradients, value: 1 - Beta2);
        var deviation = (square / (1 - Math.Pow(Beta2, steps))).sqrt_().add_(Epsilon);
        executor.Weights.addcdiv_(mean, deviation, value: -learningRate / (1 - Math.Pow(Beta1, steps)));
    }

    public override void Dispose()
    {
        mean.Dispose();
        square.Dispose();
    }
}
