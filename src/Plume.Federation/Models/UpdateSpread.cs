using Plume.Compression.Weights;
using Plume.Federation.Methods;

namespace Plume.Federation.Models;

/// <summary>How far a round's updates are apart: what a quantizer's error is measured against.</summary>
/// <remarks>
/// Of n updates with one variance around what they have in common, E|update|^2 - E|mean|^2 = (1 - 1/n) variance. The norm of one
/// is taken to be the median, so that single large ones do not matter; weights are taken to be equal, so of ten clients with
/// unequal ones the variance can come out far too small. Half of their energy counts at least, also where updates hardly differ.
/// <para>Running statistics are not trained, and no step is for them, but in the first rounds they move by ten times what weights
/// do. How much of a norm is theirs nobody says. So of a model that has some the energy of an update's other values is estimated
/// from that of their mean, as if updates had 0.3 of it in common: of models without any that share was 0.15 to 0.6.</para>
/// Source: the between-worker variance of McCandlish et al., "An Empirical Model of Large-Batch Training", 2018, arXiv:1812.06162,
/// appendix A.
/// </remarks>
static class UpdateSpread
{
    const double LeastShare = 0.5;

    // Of updates' energy, what they have in common, where it has to be guessed.
    const double UsualCommon = 0.3;

    /// <summary>The standard deviation of a value.</summary>
    /// <param name="norm">The median norm of the updates, as the server decodes them.</param>
    /// <param name="mean">Their mean.</param>
    /// <param name="layout">The model's tensors, the first of their values.</param>
    /// <param name="updates">How many they are.</param>
    /// <returns>Null where nothing can be said: there are no values, or all are zero.</returns>
    public static double? Of(double norm, ReadOnlySpan<float> mean, ModelLayout layout, int updates)
    {
        double common = Squares.Of(mean), energy = norm * norm;
        int values = mean.Length;
        foreach (var tensor in layout.Tensors.Where(static tensor => tensor.Role == TensorRole.Statistic))
        {
            double own = Squares.Of(mean.Slice(tensor.Offset, tensor.Length));
            (common, energy, values) = (Math.Max(0, common - own), energy - own, values - tensor.Length);
        }

        if (values < mean.Length)
            energy = Math.Clamp(energy, common, common / (UsualCommon + (1 - UsualCommon) / updates));
        double variance = updates > 1 ? (energy - common) / (1 - 1.0 / updates) : energy;
        double spread = Math.Sqrt(Math.Max(variance, LeastShare * energy) / values);
        return double.IsFinite(spread) && spread > 0 ? spread : null;
    }

    /// <summary>What steps follow after a round: a quarter of the way, in octaves, to what was seen.</summary>
    /// <remarks>
    /// Of a coarse step little arrives, and what feedback kept of it arrives by the next one. A step that followed one round
    /// alone would be coarse and fine in turn where the same clients take part in each.
    /// </remarks>
    /// <param name="before">What they followed; null in the first round.</param>
    /// <param name="seen">How far the round's updates were apart; null where nothing can be said of it.</param>
    public static double? After(double? before, double? seen) =>
        (before, seen) is ({ } old, { } now) ? Math.Sqrt(old * Math.Sqrt(old * now)) : seen ?? before;
}
