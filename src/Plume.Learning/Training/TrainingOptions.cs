using Plume.Federation.Learners;

namespace Plume.Learning.Training;

/// <summary>How the learning rate goes from the first step to the last.</summary>
public enum LearningRateSchedule
{
    /// <summary>The same all the time.</summary>
    Constant,

    /// <summary>
    /// Down to zero along half a cosine. Source: Loshchilov and Hutter, "SGDR", 2016, arXiv:1608.03983, without restarts.
    /// </summary>
    Cosine,
}

/// <summary>How a model is trained on data in one place.</summary>
/// <param name="Epochs">Passes over the data; 0 trains nothing.</param>
/// <param name="BatchSize">Samples a step; the last batch of an epoch may be smaller.</param>
/// <param name="LearningRate">Step size of the optimizer at the start.</param>
/// <param name="Optimizer">Which optimizer.</param>
/// <param name="Momentum">Momentum of SGD, 0 for none.</param>
/// <param name="WeightDecay">Factor of the squared-norm penalty, 0 for none.</param>
/// <param name="Schedule">How the learning rate goes on.</param>
/// <param name="ClipNorm">
/// The largest norm of a step's gradient; a longer one is scaled down to it, so that one bad batch, or a hot teacher, ends
/// no training. Source: Pascanu, Mikolov, Bengio, "On the Difficulty of Training Recurrent Neural Networks", 2012,
/// arXiv:1211.5063.
/// </param>
/// <param name="Shards">
/// Into how many parts a batch is cut; parts are worked on side by side and their gradients added in order. Part of the
/// result (batch normalization measures each part on its own), unlike the number of threads.
/// </param>
public sealed record TrainingOptions(
    int Epochs,
    int BatchSize = 64,
    double LearningRate = 0.05,
    LocalOptimizer Optimizer = LocalOptimizer.Sgd,
    double Momentum = 0.9,
    double WeightDecay = 5e-4,
    LearningRateSchedule Schedule = LearningRateSchedule.Cosine,
    double ClipNorm = 2,
    int Shards = 2)
{
    /// <summary>Passes over the data.</summary>
    public int Epochs { get; init => field = NotNegative(value); } = NotNegative(Epochs);

    /// <summary>Samples a step.</summary>
    public int BatchSize { get; } = BatchSize >= 1 ? BatchSize : throw Refusal(nameof(BatchSize), BatchSize, "must be 1 or more");

    /// <summary>Step size of the optimizer at the start.</summary>
    public double LearningRate
    {
        get; init =>
        field = Positive(value, nameof(LearningRate));
    } = Positive(LearningRate, nameof(LearningRate));

    /// <summary>The largest norm of a step's gradient.</summary>
    public double ClipNorm { get; init => field = Positive(value, nameof(ClipNorm)); } = Positive(ClipNorm, nameof(ClipNorm));

    /// <summary>Parts of a batch.</summary>
    public int Shards { get; } = Shards is >= 1 and <= 64 ? Shards : throw Refusal(nameof(Shards), Shards, "must be 1 to 64");

    /// <summary>The learning rate when that share of all steps is done.</summary>
    public double RateAt(double progress) => Schedule == LearningRateSchedule.Cosine
        ? LearningRate * (0.5 + 0.5 * Math.Cos(Math.PI * progress))
        : LearningRate;

    static int NotNegative(int epochs) => epochs >= 0 ? epochs : throw Refusal(nameof(Epochs), epochs, "must not be negative");

    static double Positive(double value, string name) => value > 0 && double.IsFinite(value) ? value
        : throw Refusal(name, value, "must be positive");

    static ArgumentOutOfRangeException Refusal(string name, object value, string rule) => new(name, value, $"{name} {rule}.");
}
