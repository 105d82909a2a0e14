namespace Plume.Federation.ServerOptimizers;

/// <summary>
/// Moments of the mean update, value by value: m = beta1 * m + (1 - beta1) * mean, second moment v = v - (1 - beta2) * mean^2 * sign(v - mean^2);
/// model += rate * m / (sqrt(v) + tau).
/// </summary>
/// <remarks>
/// Remembers two floats a value. No bias correction, as published. Differs from the paper: v starts at 0, not at tau^2.
/// Source: Reddi et al., "Adaptive Federated Optimization", ICLR 2021, arXiv:2003.00295, algorithm 2.
/// </remarks>
public sealed record FedYogi(double LearningRate = 0.01, double Beta1 = 0.9, double Beta2 = 0.99, double Tau = 1e-3) : ServerOptimizer
{
    /// <summary>Step size.</summary>
    public double LearningRate { get; } = Positive(LearningRate, nameof(LearningRate));

    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; } = Decay(Beta1, nameof(Beta1));

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; } = Decay(Beta2, nameof(Beta2));

    /// <summary>Least denominator: how adaptive the steps are.</summary>
    public double Tau { get; } = Positive(Tau, nameof(Tau));

    /// <inheritdoc/>
    public override int MemoryPerValue => 2;

    private protected override float Change(float mean, Span<float> memory)
    {
        double square = (double)mean * mean;
        memory[0] = (float)(Beta1 * memory[0] + (1 - Beta1) * mean);
        memory[1] = (float)(memory[1] - (1 - Beta2) * square * Math.Sign(memory[1] - square));
        return (float)(LearningRate * memory[0] / (Math.Sqrt(memory[1]) + Tau));
    }
}
