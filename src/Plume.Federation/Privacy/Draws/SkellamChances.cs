namespace Plume.Federation.Privacy.Draws;

/// <summary>
/// A table of the chances of the symmetric Skellam distribution, the difference of two Poisson variables of the same mean, to
/// draw from it by 128 random bits.
/// </summary>
/// <remarks>
/// Formula: of variance v the chance of k is e^-v I_|k|(v). Ratios of neighbours come of the recurrence I_(k+1) / I_k = 1 /
/// (2 (k + 1) / v + I_(k+2) / I_(k+1)), which forgets its beginning. Magnitudes whose chance is below 2^-127 are left out; every
/// other chance is right to a share below 1e-11 (each digit of a double that is lost, added up over the longest table). Source:
/// Amos, "Computation of Modified Bessel Functions and Their Ratios", Mathematics of Computation 1974 (where the recurrence
/// begins).
/// </remarks>
sealed class SkellamChances
{
    /// <summary>The largest variance of a table, of 55,000 magnitudes.</summary>
    public const double MostVariance = 1 << 24;

    const int FractionBits = 127;
    const int GuideBits = 12;

    // By magnitude: the chance that it is no larger, in 2^-127.
    readonly UInt128[] chances;

    // The first magnitude whose chance begins with such bits, or more.
    readonly int[] guide = new int[(1 << GuideBits) + 1];

    /// <summary>A table.</summary>
    /// <param name="variance">Above 0 and at most <see cref="MostVariance"/>.</param>
    public SkellamChances(double variance)
    {
        // Beyond it, by Bernstein's inequality, lies less than e^-92.
        double reach = 31 + Math.Sqrt(940 + 184 * variance);
        double[] ratios = RatiosOf(variance, (int)reach + 2);
        double whole = 1, share = 1;
        foreach (double ratio in ratios)
            whole += 2 * (share *= ratio);
        var all = new List<UInt128>();
        // A hair less than all, so that rounding never comes to more than all; what is left over is drawn again.
        double chance = (1 - Math.ScaleB(1, -40)) / whole;
        UInt128 sum = 0;
        for (int k = 0; k < ratios.Length && chance >= Math.ScaleB(1, -FractionBits); k++)
        {
            all.Add(sum += (UInt128)Math.ScaleB(k == 0 ? chance : 2 * chance, FractionBits));
            chance *= ratios[k];
        }

        chances = [.. all];
        for (int bits = 0, k = 0; bits < guide.Length; bits++)
        {
            while (k < chances.Length && chances[k] <= (UInt128)bits << (FractionBits - GuideBits))
                k++;
            guide[bits] = k;
        }
    }

    /// <summary>The magnitude at a random place; negative where the place is among those to be drawn again.</summary>
    /// <param name="place">127 random bits.</param>
    public int MagnitudeAt(UInt128 place)
    {
        int bits = (int)(place >> (FractionBits - GuideBits)), low = guide[bits], high = guide[bits + 1];
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (chances[middle] <= place)
                low = middle + 1;
            else
                high = middle;
        }

        return low < chances.Length ? low : -1;
    }

    // I_(k+1)(v) / I_k(v) for k from 0.
    static double[] RatiosOf(double variance, int count)
    {
        double next = count + 1.5;
        double ratio = variance / (next - 1 + Math.Sqrt(next * next + variance * variance));
        double[] ratios = new double[count];
        for (int k = count - 1; k >= 0; k--)
            ratios[k] = ratio = 1 / (2 * (k + 1) / variance + ratio);
        return ratios;
    }
}
