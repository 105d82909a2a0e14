namespace Plume.Federation.ServerOptimizers;

/// <summary>velocity = momentum * velocity + mean; model += rate * velocity.</summary>
/// <remarks>Remembers one float a value. Source: Hsu, Qi, Brown, 2019, arXiv:1909.06335, section 4.3.</remarks>
public sealed record FedAvgM(double LearningRate = 1, double Momentum = 0.9) : ServerOptimizer
{
    /// <summary>Step size.</summary>
    public double LearningRate { get; } = Positive(LearningRate, nameof(LearningRate));

    /// <summary>Share of the last round's velocity that is kept.</summary>
    public double Momentum { get; } = Decay(Momentum, nameof(Momentum));

    /// <inheritdoc/>
    public override string Notation => Text("fedavgm", LearningRate, Momentum);

    /// <inheritdoc/>
    public override int MemoryPerValue => 1;

    private protected override float Change(float mean, Span<float> memory)
    {
        memory[0] = (float)(Momentum * memory[0] + mean);
        return (float)(LearningRate * memory[0]);
    }
}
