namespace Plume.Federation.Privacy.Draws;

/// <summary>Values of the standard normal distribution from a key's stream of bits.</summary>
/// <remarks>
/// Two values of 106 bits, by Box and Muller's transform, up to 8.5 deviations; the chance of more is below 2e-17. Whoever adds
/// them rounds to a grid that is the same whatever they are added to, so that the digits of a float tell nothing.
/// Source: Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958; for the grid, Mironov, "On Significance of
/// the Least Significant Bits for Differential Privacy", CCS 2012.
/// </remarks>
sealed class GaussianNoise(byte[] key) : IDisposable
{
    readonly KeyStream stream = new(key);

    /// <summary>Fills values with draws, the next ones each time; an even number of them, but for the last time.</summary>
    public void Fill(Span<double> values)
    {
        for (int done = 0; done < values.Length;)
        {
            var words = stream.Next();
            for (int i = 0; i < words.Length && done < values.Length; i += 2)
            {
                double radius = Math.Sqrt(-2 * Math.Log(Uniform(words[i])));
                var (sin, cos) = Math.SinCos(2 * Math.PI * Uniform(words[i + 1]));
                values[done++] = radius * cos;
                if (done < values.Length)
                    values[done++] = radius * sin;
            }
        }
    }

    // Above 0 and at most 1, of 53 bits.
    static double Uniform(ulong bits) => ((bits >> 11) + 1) * (1.0 / (1L << 53));

    public void Dispose() => stream.Dispose();
}
