namespace Plume.Federation.ServerOptimizers;

/// <summary>model += rate * mean.</summary>
/// <remarks>
/// Source: McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data", AISTATS 2017,
/// arXiv:1602.05629.
/// </remarks>
public sealed record FedAvg(double LearningRate = 1) : ServerOptimizer
{
    /// <summary>Step size; 1 takes the mean as it is.</summary>
    public double LearningRate { get; } = Positive(LearningRate, nameof(LearningRate));

    /// <inheritdoc/>
    public override string Notation => Text("fedavg", LearningRate);

    /// <inheritdoc/>
    public override int MemoryPerValue => 0;

    private protected override float Change(float mean, Span<float> memory) => (float)(LearningRate * mean);
}
