namespace Plume.Cli.Bench;

/// <summary>How far decoded values are from what they were.</summary>
static class Distortion
{
    /// <summary>
    /// Squared error over squared values, summed in double; the squared error itself where all values are zero.
    /// </summary>
    public static double Nmse(ReadOnlySpan<float> original, ReadOnlySpan<float> decoded)
    {
        double error = 0, energy = 0;
        for (int i = 0; i < original.Length; i++)
        {
            double missed = (double)original[i] - decoded[i];
            error += missed * missed;
            energy += (double)original[i] * original[i];
        }

        return energy > 0 ? error / energy : error;
    }

    /// <summary>10 log10, as rate-distortion curves are drawn: minus infinity for no error.</summary>
    public static double Decibels(double nmse) => 10 * Math.Log10(nmse);
}
