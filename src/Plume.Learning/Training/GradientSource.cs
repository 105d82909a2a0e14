using Plume.Compression.Randomness;
using Plume.Learning.Objectives;

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
