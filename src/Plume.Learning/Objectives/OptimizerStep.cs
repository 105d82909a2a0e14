using Plume.Federation.Learners;
using Plume.Learning.Native;
using static TorchSharp.torch;

namespace Plume.Learning.Objectives;

/// <summary>An optimizer: from gradients to the next values.</summary>
abstract class OptimizerStep : IDisposable
{
    /// <summary>The optimizer of that name, with its moments at zero.</summary>
    public static OptimizerStep For(LocalOptimizer optimizer, double momentum, IReadOnlyList<LearnedTensor> values) =>
        optimizer switch
        {
            LocalOptimizer.Sgd => new SgdStep(momentum, values),
            LocalOptimizer.Adam => new AdamStep(values),
            _ => throw new ArgumentOutOfRangeException(nameof(optimizer), optimizer, "There is no such optimizer."),
        };

    public abstract void Apply(double learningRate);

    public abstract void Dispose();

    /// <summary>A zero for each value.</summary>
    protected static Tensor[] Moments(IReadOnlyList<LearnedTensor> values) =>
        [.. values.Select(each => zeros_like(each.Values.detach()).DetachFromDisposeScope())];
}

/// <summary>v = momentum * v + gradient; weights -= rate * v.</summary>
sealed class SgdStep(double momentum, IReadOnlyList<LearnedTensor> values) : OptimizerStep
{
    readonly Tensor[] velocities = momentum > 0 ? Moments(values) : [];

    public override void Apply(double learningRate)
    {
        for (int i = 0; i < values.Count; i++)
        {
            if (values[i].Gradient() is not { } gradient)
                continue;
            if (momentum > 0)
                gradient = velocities[i].ScaleInPlace(momentum).AddInPlace(gradient);
            values[i].Values.AddInPlace(gradient, -learningRate);
        }
    }

    public override void Dispose() => Array.ForEach(velocities, velocity => velocity.Dispose());
}

/// <summary>Adam as published (Kingma and Ba, 2015, arXiv:1412.6980).</summary>
sealed class AdamStep(IReadOnlyList<LearnedTensor> values) : OptimizerStep
{
    const double Beta1 = 0.9;
    const double Beta2 = 0.999;
    const double Epsilon = 1e-8;

    readonly Tensor[] means = Moments(values);
    readonly Tensor[] squares = Moments(values);
    int steps;

    public override void Apply(double learningRate)
    {
        steps++;
        for (int i = 0; i < values.Count; i++)
        {
            if (values[i].Gradient() is not { } gradient)
                continue;
            means[i].ScaleInPlace(Beta1).AddInPlace(gradient, 1 - Beta1);
            squares[i].ScaleInPlace(Beta2).AddProductInPlace(gradient, gradient, 1 - Beta2);
            var deviation = (squares[i] / (1 - Math.Pow(Beta2, steps))).sqrt_().AddInPlace(Epsilon);
            values[i].Values.AddQuotientInPlace(means[i], deviation, -learningRate / (1 - Math.Pow(Beta1, steps)));
        }
    }

    public override void Dispose()
    {
        Array.ForEach(means, mean => mean.Dispose());
        Array.ForEach(squares, square => square.Dispose());
    }
}
