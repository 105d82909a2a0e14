namespace Plume.Federation.Learners;

/// <summary>The optimizer a client runs on its own data.</summary>
public enum LocalOptimizer
{
    /// <summary>Stochastic gradient descent, with momentum where it is above zero.</summary>
    Sgd,

    /// <summary>Adam with the paper's constants (Kingma and Ba, 2015, arXiv:1412.6980).</summary>
    Adam,
}

/// <summary>What a client minimizes in one round, and how. Part of the round plan, so every client does the same.</summary>
/// <param name="Epochs">Passes over the client's data; at least 1.</param>
/// <param name="BatchSize">Samples a step; the last batch of an epoch may be smaller.</param>
/// <param name="LearningRate">Step size of the optimizer.</param>
/// <param name="Optimizer">Which optimizer.</param>
/// <param name="Momentum">Momentum of SGD, 0 for none.</param>
/// <param name="WeightDecay">Factor of the squared-norm penalty, 0 for none.</param>
/// <param name="Proximal">
/// Strength mu of FedProx's pull towards the received model, (mu/2) * ||w - w_received||^2; 0 for FedAvg.
/// Source: Li et al., "Federated Optimization in Heterogeneous Networks", 2018, arXiv:1812.06127.
/// </param>
public sealed record LocalObjective(
    int Epochs,
    int BatchSize,
    double LearningRate,
    LocalOptimizer Optimizer = LocalOptimizer.Sgd,
    double Momentum = 0,
    double WeightDecay = 0,
    double Proximal = 0)
{
    /// <summary>Whom it learns from beside the labels; null for nobody.</summary>
    public Teaching? Teaching { get; init; }

    /// <summary>
    /// Whether each class of a client's samples counts alike in its loss, however many samples have it; false where each sample
    /// does. It is for learners of classes.
    /// </summary>
    public bool BalancesClasses { get; init; }

    /// <summary>Steps that so many samples take.</summary>
    public int StepsFor(int samples) => Epochs * ((samples + BatchSize - 1) / BatchSize);
}
