namespace Plume.Compression.Codecs.Transform;

/// <summary>
/// How many steps long a direction is, in a byte: 1, 1.25, 1.5 or 1.75 times a power of two, so that both ends compute it
/// without a logarithm.
/// </summary>
static class FactorScale
{
    const int Quarters = 4;

    /// <summary>The byte of the largest scale that is at most <paramref name="length"/>, which is above 0.</summary>
    public static int NearestTo(double length)
    {
        int octave = Math.Clamp(Math.ILogB(length), 0, byte.MaxValue / Quarters);
        int quarter = (int)Math.Clamp((length / Math.ScaleB(1, octave) - 1) * Quarters, 0, Quarters - 1);
        return octave * Quarters + quarter;
    }

    public static double Of(int scale) => Math.ScaleB(1 + (double)(scale % Quarters) / Quarters, scale / Quarters);
}
