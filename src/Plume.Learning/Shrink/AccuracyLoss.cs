using Plume.Learning.Data;
using Plume.Learning.Inference;

namespace Plume.Learning.Shrink;

/// <summary>The accuracy that one model has lost against another, and how sure the samples are of it.</summary>
/// <remarks>
/// Both models see the same samples, so only those count that one gets right and the other wrong. To ask for a loss that is
/// one standard error inside the bound: Breiman, Friedman, Olshen, Stone, "Classification and Regression Trees", 1984, who prune
/// so.
/// </remarks>
/// <param name="Lost">As a share of the samples; negative where the second model is the better one.</param>
/// <param name="Error">The standard error of <paramref name="Lost"/>.</param>
public readonly record struct AccuracyLoss(double Lost, double Error)
{
    /// <summary>Compares two models on the same samples.</summary>
    /// <exception cref="ArgumentException">The predictions are not of so many samples.</exception>
    public static AccuracyLoss Of(Predictions before, Predictions after, LabeledSet set)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        ArgumentNullException.ThrowIfNull(set);
        if (before.Classes.Count != set.Count || after.Classes.Count != set.Count)
            throw new ArgumentException(
                $"'{set.Name}' has {set.Count} samples, but the predictions are of {before.Classes.Count} and "
                    + $"{after.Classes.Count}.", nameof(set));
        int worse = 0, better = 0;
        for (int i = 0; i < set.Count; i++)
        {
            bool wasRight = before.Classes[i] == set.Labels[i], isRight = after.Classes[i] == set.Labels[i];
            worse += wasRight && !isRight ? 1 : 0;
            better += isRight && !wasRight ? 1 : 0;
        }

        double count = set.Count, lost = (worse - better) / count;
        return new AccuracyLoss(lost, Math.Sqrt(((worse + better) / count - lost * lost) / count));
    }

    /// <summary>Whether the bound is kept even if a standard error more is lost than was seen.</summary>
    public bool IsWithin(double bound) => Lost + Error <= bound;

    /// <summary>Whether the bound is broken even if a standard error less is lost than was seen.</summary>
    public bool IsBeyond(double bound) => Lost - Error > bound;
}
