using System.Globalization;
using Plume.Compression.Randomness;

namespace Plume.Simulation.Attacks;

/// <summary>
/// The mean of the honest updates, reversed and times a factor: <c>sign</c> by 1, <c>scale(10)</c> by 10, and with less than 1
/// the inner product manipulation, too small for a rule by size: <c>ipm(0.5)</c>.
/// </summary>
/// <remarks>
/// Source: Xie, Koyejo and Gupta, "Fall of Empires: Breaking Byzantine-tolerant SGD by Inner Product Manipulation", UAI 2019,
/// arXiv:1903.03936.
/// </remarks>
/// <param name="Word">What it is called.</param>
/// <param name="Factor">Above 0.</param>
public sealed record Reversal(string Word, double Factor) : Attack
{
    /// <summary>The word for a factor of 1.</summary>
    public const string Sign = "sign";

    /// <summary>The word for a large factor.</summary>
    public const string Scale = "scale";

    /// <summary>The word for a small factor.</summary>
    public const string Ipm = "ipm";

    internal override void Craft(HonestUpdates honest, int client, RandomKey key, Span<float> update)
    {
        var mean = honest.Mean;
        for (int i = 0; i < update.Length; i++)
            update[i] = (float)(-Factor * mean[i]);
    }

    /// <inheritdoc/>
    public override string ToString() => Word == Sign ? Word : string.Create(CultureInfo.InvariantCulture, $"{Word}({Factor})");
}
