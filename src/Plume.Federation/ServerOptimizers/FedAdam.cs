namespace Plume.Federation.ServerOptimizers;

/// <summary>
/// Adaptive steps with v = Beta2 * v + (1 - Beta2) * mean^2: the second moment follows the squares, up and down.
/// </summary>
public sealed record FedAdam(double LearningRate = 0.01, double Beta1 = 0.9, double Beta2 = 0.99,
    double Tau = 1e-3) : AdaptiveOptimizer(LearningRate, Beta1, Beta2, Tau)
{
    private protected override string Name => "fedadam";

    private protected override double SecondMoment(double before, double square) => Beta2 * before + (1 - Beta2) * square;
}
