using Plume.Compression.Randomness;
using static TorchSharp.torch;

namespace Plume.Learning.Training;

/// <summary>A model and the samples that it learns, as a <see cref="TrainingLoop"/> sees them.</summary>
interface IGradientSource
{
    /// <summary>The values that a step changes.</summary>
    IReadOnlyList<LearnedTensor> Values { get; }

    /// <summary>What messages call the model.</summary>
    string Name { get; }

    /// <summary>Leaves the gradient of the mean loss of these samples.</summary>
    /// <returns>That loss.</returns>
    double Backward(ReadOnlyMemory<int> samples, double progress, RandomKey key);

    /// <summary>After a step: puts values back to where they must be.</summary>
    void Settle(IWeightConstraint? constraint, double progress);
}

/// <summary>Values of a model, some or all of which are learned.</summary>
/// <param name="Values">The values.</param>
/// <param name="Learnable">1 where a value is learned, 0 elsewhere; of the values' shape, or one for all.</param>
/// <param name="Decaying">1 where weight decay shrinks a value, 0 elsewhere; of the values' shape, or one for all.</param>
/// <param name="Gradient">The gradient of the last backward pass, 0 where nothing is learned; null where the loss does not depend on the values.</param>
sealed record LearnedTensor(Tensor Values, Tensor Learnable, Tensor Decaying, Func<Tensor?> Gradient);
