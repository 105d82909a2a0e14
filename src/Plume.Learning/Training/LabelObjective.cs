using Plume.Learning.Data;

namespace Plume.Learning.Training;

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
