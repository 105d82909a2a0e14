using static TorchSharp.torch;

namespace Plume.Learning.Training;

/// <summary>The mean squared error of the number that a model predicts.</summary>
public sealed record SquaredError : ITrainingObjective
{
    /// <inheritdoc/>
    public Tensor Loss(TrainingBatch batch) => nn.functional.mse_loss(batch.Logits, batch.Labels);
}
