using static TorchSharp.torch;

namespace Plume.Learning.Training;

/// <summary>
/// Cross-entropy in which each class that occurs counts alike: a sample of a class with k samples, of n samples of c classes that
/// occur, weighs n / (c k), so that weights are 1 in the mean over the samples.
/// </summary>
/// <remarks>
/// Source: G. King, L. Zeng, "Logistic Regression in Rare Events Data", 2001, section 4.2: weights by the inverse of a class's
/// share.
/// </remarks>
public sealed class BalancedCrossEntropy : ITrainingObjective
{
    readonly float[] weights;

    BalancedCrossEntropy(float[] weights) => this.weights = weights;

    /// <summary>What a sample of each class weighs; 0 where no sample has the class.</summary>
    public IReadOnlyList<float> Weights => weights;

    /// <summary>The objective of samples with these labels.</summary>
    /// <param name="labels">The labels, below the number of classes.</param>
    /// <param name="classes">How many classes there are.</param>
    public static BalancedCrossEntropy Of(IReadOnlyCollection<int> labels, int classes)
    {
        ArgumentNullException.ThrowIfNull(labels);
        int[] counts = new int[classes];
        foreach (int label in labels)
            counts[label]++;
        int occurring = counts.Count(count => count > 0);
        return new BalancedCrossEntropy([.. counts.Select(count => count == 0 ? 0 : (float)((double)labels.Count / occurring / count))]);
    }

    /// <inheritdoc/>
    public Tensor Loss(TrainingBatch batch)
    {
        // Scores beyond the set's classes are of classes that nobody has.
        float[] each = new float[(int)batch.Logits.shape[1]];
        weights.CopyTo(each, 0);
        var losses = nn.functional.cross_entropy(batch.Logits, batch.Labels, tensor(each), reduction: nn.Reduction.None);
        return losses.mean();
    }
}
