using Plume.Compression.Randomness;

namespace Plume.Simulation.Attacks;

/// <summary>
/// The mean of the honest updates less as many of their standard deviations as leave it no further from any of them than the two
/// that are furthest apart.
/// </summary>
/// <remarks>
/// Source: Shejwalkar and Houmansadr, "Manipulating the Byzantine: Optimizing Model Poisoning Attacks and Defenses for Federated
/// Learning", NDSS 2021. The largest number that keeps the bound is taken; some programs take the last one that was tried, which
/// may not.
/// </remarks>
public sealed record MinMax : Attack
{
    /// <summary>The word that names it.</summary>
    public const string Keyword = "min-max";

    internal override void Craft(HonestUpdates honest, int client, RandomKey key, Span<float> update) =>
        honest.Below(honest.MostDeviations, update);

    /// <inheritdoc/>
    public override string ToString() => Keyword;
}
