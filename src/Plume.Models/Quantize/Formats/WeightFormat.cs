using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Quantize.Formats;

/// <summary>How a weight is stored with few bits and read back as floats; activations stay floats.</summary>
/// <remarks>
/// Scales are 16-bit floats. What a format loses is measured by running the graph that <see cref="WeightFormatPlan"/> gives.
/// </remarks>
public abstract record WeightFormat
{
    private protected WeightFormat()
    {
    }

    /// <summary>Bytes of a stored tensor, all scales included.</summary>
    /// <param name="shape">The tensor's shape.</param>
    /// <param name="axis">Its axis of output channels.</param>
    public abstract long BytesOf(IReadOnlyList<int> shape, int axis);

    /// <summary>The tensor as it is read back.</summary>
    /// <param name="weight">A tensor of floats.</param>
    /// <param name="axis">Its axis of output channels.</param>
    /// <exception cref="InvalidPayloadException">A value is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such axis.</exception>
    public Initializer Apply(Initializer weight, int axis)
    {
        ArgumentNullException.ThrowIfNull(weight);
        float[] values = weight.Floats.ToArray();
        int wrong = Array.FindIndex(values, value => !float.IsFinite(value));
        if (wrong >= 0)
            throw new InvalidPayloadException(
                $"Weight '{weight.Name}' cannot be stored as {this}: value {wrong} is {values[wrong]}.");
        Apply(values, new Channels(weight.Shape, axis));
        return Initializer.Of(weight.Name, weight.Shape, values);
    }

    private protected abstract void Apply(float[] values, Channels channels);

    /// <summary>A scale as it is stored: a positive one does not become zero, and none becomes infinite.</summary>
    private protected static float Stored(float scale) =>
        (float)(Half)Math.Clamp(scale, scale > 0 ? (float)Half.Epsilon : 0, (float)Half.MaxValue);

    private protected static long Count(IReadOnlyList<int> shape) => shape.Aggregate(1L, (product, length) => product * length);
}
