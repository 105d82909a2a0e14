using Plume.Learning.Training;

namespace Plume.Learning.Shrink;

/// <summary>How small a model is to be made, and what that may cost.</summary>
/// <param name="To">The share of the original file's bytes to reach: above 0, at most 1.</param>
/// <param name="MaxLoss">The accuracy that may be lost, as a share: 0.01 is one point. A model is kept whose loss is a standard
/// error inside it, so that it holds on other samples too.</param>
/// <param name="FineTuning">The training after each step; with few bits it takes three times as many epochs in steps a third as
/// wide.</param>
public sealed record ShrinkOptions(double To, double MaxLoss, TrainingOptions FineTuning)
{
    /// <summary>The share of the original file's bytes.</summary>
    public double To { get; } = To is > 0 and <= 1 ? To
        : throw new ArgumentOutOfRangeException(nameof(To), To, "The share to shrink to must be above 0 and at most 1.");

    /// <summary>The accuracy that may be lost.</summary>
    public double MaxLoss { get; } = MaxLoss is >= 0 and < 1 ? MaxLoss
        : throw new ArgumentOutOfRangeException(nameof(MaxLoss), MaxLoss,
            "The accuracy that may be lost must be 0 or more and below 1.");
}
