using System.Globalization;
using Plume.Compression.Randomness;

namespace Plume.Simulation.Attacks;

/// <summary>
/// The mean of the honest updates less so many of their standard deviations, value by value: within what honest ones scatter.
/// </summary>
/// <remarks>
/// Source: Baruch, Baruch and Goldberg, "A Little Is Enough: Circumventing Defenses For Distributed Learning", NeurIPS 2019,
/// arXiv:1902.06156. Differs: the number is said. Theirs follows from how many clients there are, and is almost nothing for few.
/// </remarks>
/// <param name="Deviations">Standard deviations.</param>
public sealed record LittleIsEnough(double Deviations) : Attack
{
    /// <summary>The word that names it.</summary>
    public const string Keyword = "alie";

    /// <summary>Deviations unless it says others.</summary>
    public const double Usual = 1.5;

    internal override void Craft(HonestUpdates honest, int client, RandomKey key, Span<float> update) =>
        honest.Below(Deviations, update);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Keyword}({Deviations})");
}
