using System.Numerics;

namespace Plume.Compression.Kernels.Levels;

/// <summary>Powers of two as steps, whose multiples floats hold exactly.</summary>
static class PowersOfTwo
{
    const int MantissaBits = 23;
    const int Bias = 150;

    /// <summary>The nearest by ratio.</summary>
    /// <param name="value">Above 0.</param>
    public static float Nearest(double value)
    {
        int exponent = Math.ILogB(value);
        return MathF.ScaleB(1, value * value > Math.ScaleB(2, 2 * exponent) ? exponent + 1 : exponent);
    }

    /// <summary>The largest that all values are multiples of; 0 where all are zero.</summary>
    public static float Dividing(ReadOnlySpan<float> values)
    {
        int least = int.MaxValue;
        foreach (float value in values)
        {
            if (value == 0)
                continue;
            uint bits = BitConverter.SingleToUInt32Bits(value) & 0x7FFF_FFFF;
            int exponent = (int)(bits >> MantissaBits);
            uint mantissa = bits & 0x7F_FFFF | (exponent == 0 ? 0u : 0x80_0000u);
            least = Math.Min(least, Math.Max(1, exponent) - Bias + BitOperations.TrailingZeroCount(mantissa));
        }

        return least == int.MaxValue ? 0 : MathF.ScaleB(1, least);
    }
}
