using Plume.Compression.Wire;

namespace Plume.Models.Graph;

/// <summary>
/// What <c>plume.FakeQuantize</c> does to a number: it moves it to the nearest of the levels that so many bits can say,
/// and leaves it a float. Halves go to the even level, as in ONNX's QuantizeLinear.
/// </summary>
/// <remarks>
/// Signed: scale * clamp(round(x / scale), -m, m) with m = 2^(bits-1) - 1, so 2 bits are ternary; at 1 bit, scale * sign(x)
/// with sign(0) = 1. Unsigned: scale * (clamp(round(x / scale) + z, 0, 2^bits - 1) - z).
/// Error: at most scale / 2 within the levels.
/// Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
/// CVPR 2018, arXiv:1712.05877; for one bit Rastegari et al., "XNOR-Net", ECCV 2016, arXiv:1603.05279.
/// </remarks>
public sealed record FakeQuantizer
{
    /// <summary>The operator's name in a graph.</summary>
    public const string OpType = "plume.FakeQuantize";

    /// <summary>The operator set it belongs to, for <see cref="ModelGraph.ExtensionOpsets"/>.</summary>
    public const string Domain = "plume";

    /// <summary>Version of the operator set.</summary>
    public const int DomainVersion = 1;

    /// <summary>The most bits a level may take.</summary>
    public const int MaxBits = 8;

    /// <summary>Levels of so many bits.</summary>
    /// <param name="bits">1 to 8.</param>
    /// <param name="signed">Levels on both sides of zero, as for weights; or from zero upward, as after a ReLU.</param>
    /// <param name="zeroPoint">The level that stands for 0: within the levels, and 0 where they are signed.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public FakeQuantizer(int bits, bool signed = true, int zeroPoint = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, MaxBits);
        ArgumentOutOfRangeException.ThrowIfLessThan(zeroPoint, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(zeroPoint, signed ? 0 : (1 << bits) - 1);
        (Bits, Signed, ZeroPoint) = (bits, signed, zeroPoint);
    }

    /// <summary>Bits of a level.</summary>
    public int Bits { get; }

    /// <summary>Whether levels stand on both sides of zero.</summary>
    public bool Signed { get; }

    /// <summary>The level that stands for 0.</summary>
    public int ZeroPoint { get; }

    /// <summary>The lowest level.</summary>
    public int Lowest => Signed ? -Highest : 0;

    /// <summary>The highest level.</summary>
    public int Highest => IsBinary ? 1 : (1 << (Signed ? Bits - 1 : Bits)) - 1;

    bool IsBinary => Signed && Bits == 1;

    /// <summary>What a node of a graph says.</summary>
    /// <exception cref="InvalidPayloadException">An attribute is out of its range.</exception>
    public static FakeQuantizer Of(Node node)
    {
        ArgumentNullException.ThrowIfNull(node);
        long bits = node.Int("bits", MaxBits), signed = node.Int("signed", 1), zeroPoint = node.Int("zero_point", 0);
        if (bits is < 1 or > MaxBits)
            throw new InvalidPayloadException($"Attribute 'bits' of {node} must be 1 to {MaxBits}, but is {bits}.");
        if (signed is not (0 or 1))
            throw new InvalidPayloadException($"Attribute 'signed' of {node} must be 0 or 1, but is {signed}.");
        long highest = signed == 1 ? 0 : (1L << (int)bits) - 1;
        if (zeroPoint < 0 || zeroPoint > highest)
            throw new InvalidPayloadException($"Attribute 'zero_point' of {node} must be 0 to {highest}, but is {zeroPoint}.");
        return new((int)bits, signed == 1, (int)zeroPoint);
    }

    /// <summary>The attributes of a node that does this.</summary>
    /// <param name="axis">The axis along which scales differ; null where there is one scale.</param>
    public Dictionary<string, AttributeValue> ToAttributes(int? axis = null)
    {
        var attributes = new Dictionary<string, AttributeValue> { ["bits"] = (long)Bits, ["signed"] = Signed ? 1L : 0L };
        if (ZeroPoint != 0)
            attributes["zero_point"] = (long)ZeroPoint;
        if (axis is { } along)
            attributes["axis"] = (long)along;
        return attributes;
    }

    /// <summary>The level nearest to a number; what is beyond the last levels goes to these.</summary>
    /// <param name="value">A number; not NaN.</param>
    /// <param name="scale">The distance of two levels: positive and finite.</param>
    public int LevelOf(float value, float scale) => IsBinary
        ? value >= 0 ? 1 : -1
        : (int)Math.Clamp(MathF.Round(value / scale) + ZeroPoint, Lowest, Highest);

    /// <summary>The number that a level stands for.</summary>
    public float ValueOf(int level, float scale) => (level - ZeroPoint) * scale;

    /// <summary>The nearest number that has a level.</summary>
    public float Quantize(float value, float scale) => ValueOf(LevelOf(value, scale), scale);

    /// <summary>Quantizes a run of numbers with one scale; the result may be the same memory.</summary>
    public void Quantize(ReadOnlySpan<float> values, float scale, Span<float> result)
    {
        result = result[..values.Length];
        for (int i = 0; i < values.Length; i++)
            result[i] = Quantize(values[i], scale);
    }
}
