using System.Globalization;
using System.Numerics.Tensors;
using Plume.Compression.Aggregation;
using Plume.Federation.Rounds;
using Plume.Federation.SecureSums;

namespace Plume.Federation.SecureRounds;

/// <summary>
/// A secure sum as it counts: nobody can hold single updates to the bound on norms, so their mean is held to it.
/// </summary>
/// <param name="Revealed">What was revealed.</param>
/// <param name="Factor">What it is multiplied by.</param>
/// <param name="Note">What there is to tell the operator; null where it counts as it is.</param>
public sealed record BoundedSum(RevealedSum Revealed, double Factor, string? Note)
{
    /// <summary>A sum by a plan's bound: one whose mean is beyond it counts as one of the usual norm.</summary>
    public static BoundedSum Of(RevealedSum revealed, FederationPlan plan, RoundPlan round)
    {
        ArgumentNullException.ThrowIfNull(revealed);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(round);
        double norm = revealed.MeanNorm;
        // A sum that has its noise in it is far larger than what was clipped.
        if (plan.Privacy is not null || plan.NormBound is not { } bound || round.UsualNorm is not { } usual
            || !(norm > bound.Factor * usual))
            return new BoundedSum(revealed, 1, null);
        string note = string.Create(CultureInfo.InvariantCulture,
            $"The sum of round {round.Round} counts as one of norm {usual:g3}, the usual one: its mean has {norm:g3}, above "
                + $"{bound.Factor:g3} times that.");
        return new BoundedSum(revealed, usual / norm, note);
    }

    /// <summary>Adds it to a round's sum, which is of zeros.</summary>
    /// <exception cref="SumLostException">It is beyond what a sum can take; nothing was added.</exception>
    public void AddTo(ExactSum sum)
    {
        ArgumentNullException.ThrowIfNull(sum);
        // A sum of many may be larger than what one message may have; parts by a power of two add up to it exactly.
        int parts = 1;
        double largest = Factor * Math.Abs((double)TensorPrimitives.MaxMagnitude<float>(Revealed.Values));
        while (parts < Revealed.Weight && largest > parts * sum.Limit)
            parts *= 2;
        try
        {
            for (int part = 0; part < parts; part++)
                sum.Add(0, Revealed.Values, Factor / parts);
        }
        catch (ArgumentException beyond)
        {
            throw new SumLostException($"The sum is beyond what a model can take: {beyond.Message}", beyond);
        }
    }
}
