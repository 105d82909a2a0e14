using Plume.Compression.Randomness;

namespace Plume.Simulation.Attacks;

/// <summary>Hostile clients train as all do, on class C - 1 - y in place of y.</summary>
public sealed record LabelFlip : Attack
{
    /// <summary>The word that names it.</summary>
    public const string Keyword = "label-flip";

    /// <inheritdoc/>
    public override bool FlipsLabels => true;

    internal override void Craft(HonestUpdates honest, int client, RandomKey key, Span<float> update)
    {
        // What they have trained is what they send.
    }

    /// <inheritdoc/>
    public override string ToString() => Keyword;
}
