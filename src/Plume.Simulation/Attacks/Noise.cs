using System.Globalization;
using System.Numerics.Tensors;
using Plume.Compression.Randomness;

namespace Plume.Simulation.Attacks;

/// <summary>
/// A draw of normal noise, whose norm is so many times the mean norm of the honest updates; each hostile client draws its own.
/// </summary>
/// <param name="Factor">How many times.</param>
public sealed record Noise(double Factor) : Attack
{
    /// <summary>The word that names it.</summary>
    public const string Keyword = "noise";

    /// <summary>The factor unless it says another.</summary>
    public const double Usual = 3;

    internal override void Craft(HonestUpdates honest, int client, RandomKey key, Span<float> update)
    {
        var draws = new RandomDraws(key.Fold("noise"));
        for (int i = 0; i < update.Length; i++)
            update[i] = (float)draws.NextNormal();
        float scale = (float)(Factor * honest.MeanNorm / TensorPrimitives.Norm<float>(update));
        TensorPrimitives.Multiply(update, scale, update);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Keyword}({Factor})");
}
