using Plume.Models.Graph;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Quantize;

/// <summary>How many bits the weights and the activations of a model get, and how their levels are chosen.</summary>
/// <remarks>
/// On processors without 8-bit dot products (AVX2, and AVX-512 without VNNI) ONNX Runtime adds pairs of 8-bit products in 16
/// bits, which may overflow: there 7 bits for weights keep it exact.
/// </remarks>
public sealed record QuantizationScheme
{
    /// <summary>A scheme.</summary>
    /// <param name="weightBits">1 to 8.</param>
    /// <param name="activationBits">1 to 8; null leaves activations as floats.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bits are out of range.</exception>
    public QuantizationScheme(int weightBits = 8, int? activationBits = 8) =>
        (WeightBits, ActivationBits) = (Checked(weightBits), activationBits is { } bits ? Checked(bits) : null);

    /// <summary>Bits of a weight.</summary>
    public int WeightBits { get; }

    /// <summary>Bits of an activation; null leaves activations as floats.</summary>
    public int? ActivationBits { get; }

    /// <summary>
    /// Bits of the weights and inputs of the first and the last layer; null treats them as all others. These have few weights
    /// and mind coarse levels most: 8 bits, where others have fewer, is the custom.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The bits are out of range.</exception>
    public int? EndBits { get; init => field = value is { } bits ? Checked(bits) : null; }

    /// <summary>Bits of single weights by name, before all other rules.</summary>
    public IReadOnlyDictionary<string, int> LayerBits { get; init; } = new Dictionary<string, int>();

    /// <summary>Names of the weights whose layers stay as they are.</summary>
    public IReadOnlyCollection<string> LeaveAlone { get; init; } = [];

    /// <summary>
    /// Whether convolutions over a single channel, such as the first over grey images, stay floats where activations are
    /// quantized: ONNX Runtime's integer kernel takes four times as long for them. They have few weights.
    /// </summary>
    public bool LeaveSingleChannels { get; init; } = true;

    /// <summary>Whether each output channel of a weight has a scale of its own: 4 bytes each, for levels that fit it.</summary>
    public bool PerChannel { get; init; } = true;

    /// <summary>How the scales of weights are chosen.</summary>
    public WeightFit Fit { get; init; } = WeightFit.LeastSquares;

    /// <summary>How the ranges of activations are chosen.</summary>
    public RangePolicy Ranges { get; init; } = new MinMax();

    static int Checked(int bits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, FakeQuantizer.MaxBits);
        return bits;
    }
}
