using Plume.Compression.Wire;
using Plume.Models.Graph;

namespace Plume.Models.Quantize.Calibrate;

/// <summary>How the distance of a weight's levels is chosen.</summary>
public enum WeightFit
{
    /// <summary>The last level is the largest magnitude: nothing is clipped.</summary>
    LargestMagnitude,

    /// <summary>The least squared error, found by a search and ended by least squares of the scale for its levels.</summary>
    LeastSquares,
}

/// <summary>The distance of the levels of weights, symmetric around zero.</summary>
/// <remarks>
/// At one bit both fits give the mean magnitude, which is the best (Rastegari et al., "XNOR-Net", ECCV 2016,
/// arXiv:1603.05279); at two, least squares are the ternary weights of Li et al., "Ternary Weight Networks", 2016,
/// arXiv:1605.04711, with the best threshold instead of an estimated one. For normal values of deviation 1 the squared error is
/// 0.3634, 0.1902, 0.0469, 0.01289 at 1 to 4 bits.
/// </remarks>
public static class WeightScales
{
    // Candidates are 2^(1/8) apart: the error is flat around its least, and steps of least squares go the rest of the way.
    const double CandidateRatio = 1.0905077326652577;
    const int MostRefinements = 16;
    const float LeastScale = 1.17549435e-38f;

    /// <summary>One scale for all values, or one for each channel.</summary>
    /// <param name="weight">The values; its name is for messages.</param>
    /// <param name="axis">The axis of the channels; null for one scale.</param>
    /// <param name="bits">1 to 8.</param>
    /// <param name="fit">What makes a scale good.</param>
    /// <returns>Positive and finite. Channels of zeros get the largest scale of the others.</returns>
    /// <exception cref="InvalidPayloadException">A value is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The bits or the axis are out of range.</exception>
    public static float[] Of(Initializer weight, int? axis, int bits, WeightFit fit)
    {
        ArgumentNullException.ThrowIfNull(weight);
        var quantizer = new FakeQuantizer(bits);
        var channels = new Channels(weight.Shape, axis);
        var values = weight.Floats;
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
                throw new InvalidPayloadException($"Weight '{weight.Name}' cannot be quantized: value {i} is {values[i]}.");
        }

        var scales = new float[channels.Count];
        float[] channel = new float[channels.Length];
        for (int c = 0; c < scales.Length; c++)
        {
            channels.Gather(values, c, channel);
            scales[c] = Of(channel, quantizer, fit);
        }

        float fallback = scales.Length > 0 && scales.Max() is > 0 and var largest ? largest : 1;
        return [.. scales.Select(scale => scale > 0 ? Math.Max(scale, LeastScale) : fallback)];
    }

    /// <summary>One scale; 0 where all values are.</summary>
    internal static float Of(ReadOnlySpan<float> values, FakeQuantizer quantizer, WeightFit fit)
    {
        double largest = 0, sum = 0;
        foreach (float value in values)
        {
            largest = Math.Max(largest, Math.Abs(value));
            sum += Math.Abs((double)value);
        }

        if (largest == 0)
            return 0;
        double mean = sum / values.Length;
        int top = quantizer.Highest;
        return quantizer.Bits == 1 ? (float)mean
            : fit == WeightFit.LargestMagnitude ? (float)(largest / top)
            : Refined(values, quantizer, Searched(values, quantizer, (float)(largest / top), mean / top));
    }

    // The last level of the best scale is never below the mean magnitude.
    static float Searched(ReadOnlySpan<float> values, FakeQuantizer quantizer, float largest, double least)
    {
        float best = largest;
        double error = double.PositiveInfinity;
        for (double scale = largest; scale >= least && scale >= LeastScale; scale /= CandidateRatio)
        {
            double candidate = SquaredError(values, quantizer, (float)scale);
            if (candidate < error)
                (best, error) = ((float)scale, candidate);
        }

        return best;
    }

    // The levels for the scale, the scale for the levels, and again: the error never grows.
    static float Refined(ReadOnlySpan<float> values, FakeQuantizer quantizer, float scale)
    {
        for (int step = 0; step < MostRefinements; step++)
        {
            double product = 0, square = 0;
            foreach (float value in values)
            {
                double level = quantizer.LevelOf(value, scale);
                product += level * value;
                square += level * level;
            }

            float next = (float)(product / square);
            if (!(next >= LeastScale) || next == scale)
                break;
            scale = next;
        }

        return scale;
    }

    static double SquaredError(ReadOnlySpan<float> values, FakeQuantizer quantizer, float scale)
    {
        double sum = 0;
        foreach (float value in values)
        {
            double error = (double)value - quantizer.Quantize(value, scale);
            sum += error * error;
        }

        return sum;
    }
}
