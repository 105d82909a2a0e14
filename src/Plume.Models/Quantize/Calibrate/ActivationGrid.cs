using Plume.Models.Graph;

namespace Plume.Models.Quantize.Calibrate;

/// <summary>The levels of an activation: what becomes of a number, and how far two levels are apart.</summary>
/// <param name="Quantizer">The levels.</param>
/// <param name="Scale">Their distance.</param>
public sealed record ActivationGrid(FakeQuantizer Quantizer, float Scale)
{
    // Below it, a division by the scale would lose precision or overflow.
    const float LeastScale = 1.17549435e-38f;

    /// <summary>
    /// All levels over the range, which is stretched to hold 0, and 0 on a level: what a convolution is padded with must
    /// have no error. Where nothing is negative, 0 is the lowest level.
    /// </summary>
    /// <param name="range">The values to be represented; those beyond are moved to its bounds.</param>
    /// <param name="bits">1 to 8.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bits are out of range.</exception>
    public static ActivationGrid Of(ValueRange range, int bits)
    {
        int top = new FakeQuantizer(bits, signed: false).Highest;
        double low = Math.Min(0, range.Min), high = Math.Max(0, range.Max);
        float scale = low == high ? 1 : (float)Math.Clamp((high - low) / top, LeastScale, float.MaxValue);
        int zeroPoint = (int)Math.Clamp(Math.Round(-low / scale), 0, top);
        return new(new FakeQuantizer(bits, signed: false, zeroPoint), scale);
    }

    /// <summary>The nearest number that has a level.</summary>
    public float Quantize(float value) => Quantizer.Quantize(value, Scale);
}
