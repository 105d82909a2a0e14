using Plume.Federation.Learners;

namespace Plume.Learning.Training;

/// <summary>How a <see cref="TrainingLoop"/> goes, whoever asked for it.</summary>
/// <param name="Epochs">Passes over the samples.</param>
/// <param name="BatchSize">Samples a step.</param>
/// <param name="Optimizer">Which optimizer.</param>
/// <param name="Momentum">Momentum of SGD.</param>
/// <param name="WeightDecay">Factor of the squared-norm penalty on weights: not on biases, normalizations and scales of
/// quantization.</param>
/// <param name="Proximal">Strength of the pull of all learned values towards those at the start.</param>
/// <param name="ClipNorm">The largest norm of a step's gradient; infinite for any.</param>
/// <param name="RateAt">The learning rate when that share of all steps is done.</param>
sealed record LoopSettings(int Epochs, int BatchSize, LocalOptimizer Optimizer, double Momentum, double WeightDecay,
    double Proximal, double ClipNorm, Func<double, double> RateAt)
{
    /// <summary>What is added to every step's gradient, in the order of the source's values; empty for nothing.</summary>
    public ReadOnlyMemory<float> Correction { get; init; }

    /// <summary>
    /// 1 for values that are trained, 0 for those that stay as they are, in the order of the source's values; empty where all are
    /// trained.
    /// </summary>
    public ReadOnlyMemory<float> Trained { get; init; }

    /// <summary>Training in one place.</summary>
    public static LoopSettings Of(TrainingOptions options) =>
        new(options.Epochs, options.BatchSize, options.Optimizer, options.Momentum, options.WeightDecay, 0, options.ClipNorm,
            options.RateAt);

    /// <summary>A client's part of a federated round.</summary>
    public static LoopSettings Of(LocalTask task) => Of(task.Objective) with
    {
        Correction = task.Correction,
        Trained = task.Trained,
    };

    /// <summary>Training by an objective that a federation gave.</summary>
    public static LoopSettings Of(LocalObjective objective) =>
        new(objective.Epochs, objective.BatchSize, objective.Optimizer, objective.Momentum, objective.WeightDecay,
            objective.Proximal, double.PositiveInfinity, _ => objective.LearningRate);
}

/// <summary>The mean loss of an epoch.</summary>
/// <param name="OfSteps">Over its steps.</param>
/// <param name="OfSamples">Over its samples: where the last batch is smaller, another number.</param>
readonly record struct EpochLoss(double OfSteps, double OfSamples);
