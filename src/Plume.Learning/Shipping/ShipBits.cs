using System.Globalization;
using Plume.Compression.Lines;
using Plume.Learning.Calibration;
using Plume.Models.Graph;
using Plume.Models.Quantize;

namespace Plume.Learning.Shipping;

/// <summary>
/// Weights and activations get few bits after training: <c>quantize(8)</c>, or <c>quantize(4, 8)</c> for weights and activations.
/// First and last layer have 8 bits. How far activations reach is seen on samples without a look at their labels.
/// </summary>
public sealed record ShipBits : ShipStep
{
    internal const string Keyword = "quantize";
    const string Packed = "packed";
    const int MostBits = 8, EndBits = 8, MostPackedBits = 4;

    /// <summary>Few bits.</summary>
    /// <param name="weightBits">Bits of a weight, 1 to 8.</param>
    /// <param name="activationBits">Bits of an activation, 2 to 8.</param>
    /// <param name="isPacked">Two weights of up to 4 bits to a byte: half the size, computed in floats.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bits are out of range.</exception>
    public ShipBits(int weightBits, int activationBits = MostBits, bool isPacked = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(weightBits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(weightBits, isPacked ? MostPackedBits : MostBits);
        ArgumentOutOfRangeException.ThrowIfLessThan(activationBits, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(activationBits, MostBits);
        (WeightBits, ActivationBits, IsPacked) = (weightBits, activationBits, isPacked);
    }

    /// <summary>Bits of a weight.</summary>
    public int WeightBits { get; }

    /// <summary>Bits of an activation.</summary>
    public int ActivationBits { get; }

    /// <summary>Whether two weights of up to 4 bits share a byte.</summary>
    public bool IsPacked { get; }

    internal override int Rank => 3;

    internal static ShipStep Parse(LineArguments arguments)
    {
        bool isPacked = arguments.Flag(Packed);
        if (arguments.Positional("bits of weights") is not { } weights)
            throw arguments.Error("quantize needs the bits of weights, and of activations where they are not 8, such as "
                + "quantize(4, 8)");
        int weightBits = arguments.Integer(weights, 1, MostBits);
        int activationBits = arguments.Positional("bits of activations") is { } activations
            ? arguments.Integer(activations, 2, MostBits) : MostBits;
        return isPacked && weightBits > MostPackedBits
            ? throw arguments.Error(
                $"packed puts two weights of up to {MostPackedBits} bits into a byte, but these have {weightBits}; leave it out")
            : new ShipBits(weightBits, activationBits, isPacked);
    }

    internal override ShippedDraft Apply(ShippedDraft draft, ModelGraph original, ShippingWork work)
    {
        var scheme = new QuantizationScheme(WeightBits, ActivationBits) { EndBits = WeightBits < EndBits ? EndBits : null };
        var quantized = PostTraining.Quantize(draft.Graph, scheme, work.Calibration, work.Cancellation);
        return quantized.Nodes.Any(node => node.OpType == FakeQuantizer.OpType)
            ? new ShippedDraft(quantized, null)
            : throw new ArgumentException($"'{this}' finds no layer of '{draft.Graph.Name}' that can have fewer bits.");
    }

    /// <summary>The notation.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture,
            $"{Keyword}({WeightBits}{(ActivationBits == MostBits ? "" : $", {ActivationBits}")}{(IsPacked ? $", {Packed}" : "")})");
}
