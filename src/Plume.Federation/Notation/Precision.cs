using System.Globalization;
using Plume.Compression.Lines;

namespace Plume.Federation.Notation;

/// <summary>
/// Of how few bits weights and activations are while clients train, as fake quantization in the graph: what ships are the
/// integers that were trained. First and last layer have 8 bits.
/// </summary>
/// <remarks>
/// The steps between levels are learned with the weights, travel with them, and are averaged as they are.
/// Source: Esser et al., "Learned Step Size Quantization", ICLR 2020, arXiv:1902.08153.
/// </remarks>
public sealed record Precision
{
    internal const string Keyword = "quantize";
    const int MostBits = 8;

    /// <summary>A precision.</summary>
    /// <param name="weightBits">Bits of a weight, 1 to 8.</param>
    /// <param name="activationBits">Bits of an activation, 2 to 8.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bits are out of range.</exception>
    public Precision(int weightBits, int activationBits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(weightBits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(weightBits, MostBits);
        ArgumentOutOfRangeException.ThrowIfLessThan(activationBits, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(activationBits, MostBits);
        (WeightBits, ActivationBits) = (weightBits, activationBits);
    }

    /// <summary>Bits of a weight.</summary>
    public int WeightBits { get; }

    /// <summary>Bits of an activation.</summary>
    public int ActivationBits { get; }

    internal static Precision Parse(LineArguments arguments)
    {
        if (arguments.Positional("bits of weights") is not { } weights
            || arguments.Positional("bits of activations") is not { } activations)
            throw arguments.Error("quantize needs the bits of weights and of activations, such as quantize(4, 8)");
        return new Precision(arguments.Integer(weights, 1, MostBits), arguments.Integer(activations, 2, MostBits));
    }

    /// <summary>The notation.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Keyword}({WeightBits}, {ActivationBits})");
}
