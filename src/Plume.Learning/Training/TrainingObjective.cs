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

/// <summary>Keeps weights within a set while they are trained: after every step they are put back into it.</summary>
public interface IWeightConstraint
{
    /// <summary>Changes the weights that are outside.</summary>
    /// <param name="weights">In the order of the model's layout.</param>
    /// <param name="progress">The share of all steps that is done, above 0 and at most 1.</param>
    void Enforce(Span<float> weights, double progress);
}
