using Plume.Learning.Data;
using Plume.Learning.Execution;
using Plume.Learning.Native;
using static TorchSharp.torch;

namespace Plume.Learning.Training;

/// <summary>
/// What a training step minimizes. Calls come from several threads at once, each with another part of the batch.
/// </summary>
public interface ITrainingObjective
{
    /// <summary>The mean loss of these samples: a scalar tensor with a gradient.</summary>
    Tensor Loss(TrainingBatch batch);
}

/// <summary>What an objective sees of one part of a batch, after the forward pass.</summary>
/// <param name="Executor">The model in training.</param>
/// <param name="Features">[samples, sample shape].</param>
/// <param name="Labels">[samples], 64-bit integers; 32-bit floats where samples have a number to predict.</param>
/// <param name="Logits">[samples, classes], before any softmax; [samples] where they have a number to predict.</param>
/// <param name="Samples">The samples' indices in the set.</param>
/// <param name="Progress">The share of all steps that is done, 0 to 1.</param>
public readonly record struct TrainingBatch(GraphExecutor Executor, Tensor Features, Tensor Labels, Tensor Logits,
    ReadOnlyMemory<int> Samples, double Progress);

/// <summary>Cross-entropy with the labels.</summary>
public sealed record CrossEntropy : ITrainingObjective
{
    /// <inheritdoc/>
    public Tensor Loss(TrainingBatch batch) => nn.functional.cross_entropy(batch.Logits, batch.Labels);
}

/// <summary>Cross-entropy among the classes that samples have; the scores of others are left as they are.</summary>
/// <remarks>
/// Their scores are minus infinity in the loss, so that they have no gradient.
/// Source: Diao, Ding, Tarokh, "HeteroFL", ICLR 2021, arXiv:2010.01264, section 3. Differs from its code, which puts zeros there.
/// </remarks>
public sealed class PresentCrossEntropy : ITrainingObjective
{
    readonly bool[] isPresent;

    PresentCrossEntropy(bool[] isPresent) => this.isPresent = isPresent;

    /// <summary>The objective of samples with these labels: plain cross-entropy where they have all classes.</summary>
    /// <param name="labels">The labels, below the number of classes.</param>
    /// <param name="classes">How many classes there are.</param>
    public static ITrainingObjective Of(IEnumerable<int> labels, int classes)
    {
        ArgumentNullException.ThrowIfNull(labels);
        bool[] isPresent = new bool[classes];
        foreach (int label in labels)
            isPresent[label] = true;
        return isPresent.Contains(false) ? new PresentCrossEntropy(isPresent) : new CrossEntropy();
    }

    /// <inheritdoc/>
    public Tensor Loss(TrainingBatch batch)
    {
        // Scores beyond the set's classes are of classes that nobody has.
        float[] barred = [.. Enumerable.Range(0, (int)batch.Logits.shape[1])
            .Select(label => label < isPresent.Length && isPresent[label] ? 0 : float.NegativeInfinity)];
        return nn.functional.cross_entropy(batch.Logits.Plus(tensor(barred)), batch.Labels);
    }
}

/// <summary>The mean squared error of the number that a model predicts.</summary>
public sealed record SquaredError : ITrainingObjective
{
    /// <inheritdoc/>
    public Tensor Loss(TrainingBatch batch) => nn.functional.mse_loss(batch.Logits, batch.Labels);
}

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
        return new BalancedCrossEntropy(
            [.. counts.Select(count => count == 0 ? 0 : (float)((double)labels.Count / occurring / count))]);
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

/// <summary>What is minimized where samples' own labels are all that is learned from.</summary>
public static class LabelObjective
{
    /// <summary>Cross-entropy with classes, or the squared error of numbers.</summary>
    /// <param name="set">The samples.</param>
    public static ITrainingObjective Of(LabeledSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        return set.Targets is null ? new CrossEntropy() : new SquaredError();
    }

    /// <summary>The same where each class counts alike in sum, whatever the number of its samples.</summary>
    /// <param name="set">The set.</param>
    /// <param name="samples">Which of its samples are learned from.</param>
    /// <exception cref="MisfitException">They have a number to predict and no classes.</exception>
    public static ITrainingObjective Balanced(LabeledSet set, IReadOnlyCollection<int> samples)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(samples);
        return set.Targets is null ? BalancedCrossEntropy.Of([.. samples.Select(sample => set.Labels[sample])], set.Classes)
            : throw new MisfitException($"Class weights are for classes, but {set.Name} has a number to predict.");
    }
}

/// <summary>Keeps weights within a set while they are trained: after every step they are put back into it.</summary>
public interface IWeightConstraint
{
    /// <summary>Changes the weights that are outside.</summary>
    /// <param name="weights">In the order of the model's layout.</param>
    /// <param name="progress">The share of all steps that is done, above 0 and at most 1.</param>
    void Enforce(Span<float> weights, double progress);
}
