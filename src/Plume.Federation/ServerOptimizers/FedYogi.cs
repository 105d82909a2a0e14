namespace Plume.Federation.ServerOptimizers;

/// <summary>
/// Adaptive steps with v = v - (1 - Beta2) * mean^2 * sign(v - mean^2): the second moment falls slowly after a burst.
/// </summary>
public sealed record FedYogi(double LearningRate = 0.01, double Beta1 = 0.9, double Beta2 = 0.99,
    double Tau = 1e-3) : AdaptiveOptimizer(LearningRate, Beta1, Beta2, Tau)
{
    private protected override string Name => "fedyogi";

    private protected override double SecondMoment(double before, double square) =>
        before - (1 - Beta2) * square * Math.Sign(before - square);
}
