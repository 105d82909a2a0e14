namespace Plume.Federation.ServerOptimizers;

/// <summary>
/// Steps scaled value by value: m = Beta1 * m + (1 - Beta1) * mean, v a second moment, model += rate * m / (sqrt(v) + Tau).
/// </summary>
/// <remarks>
/// Remembers two floats a value. No bias correction, as published. Differs from the paper: v starts at 0, not at Tau^2.
/// Source: Reddi et al., "Adaptive Federated Optimization", ICLR 2021, arXiv:2003.00295, algorithm 2.
/// </remarks>
public abstract record AdaptiveOptimizer : ServerOptimizer
{
    private protected AdaptiveOptimizer(double learningRate, double beta1, double beta2, double tau)
    {
        LearningRate = Positive(learningRate, nameof(learningRate));
        Beta1 = Decay(beta1, nameof(beta1));
        Beta2 = Decay(beta2, nameof(beta2));
        Tau = Positive(tau, nameof(tau));
    }

    /// <summary>Step size.</summary>
    public double LearningRate { get; }

    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; }

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; }

    /// <summary>Least denominator: how adaptive the steps are.</summary>
    public double Tau { get; }

    /// <inheritdoc/>
    public sealed override string Notation => Text(Name, LearningRate, Beta1, Beta2, Tau);

    /// <inheritdoc/>
    public sealed override int MemoryPerValue => 2;

    private protected sealed override float Change(float mean, Span<float> memory)
    {
        memory[0] = (float)(Beta1 * memory[0] + (1 - Beta1) * mean);
        memory[1] = (float)SecondMoment(memory[1], (double)mean * mean);
        return (float)(LearningRate * memory[0] / (Math.Sqrt(memory[1]) + Tau));
    }

    /// <summary>Its name.</summary>
    private protected abstract string Name { get; }

    /// <summary>The second moment after one more squared mean.</summary>
    private protected abstract double SecondMoment(double before, double square);
}
