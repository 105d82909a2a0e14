namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>
/// Probabilities as whole numbers (65536ths), their log odds (256ths), and what a bit of a probability costs (256ths of
/// a bit). The tables come from multiplication and comparison only, so they are the same on every machine.
/// </summary>
static class LogisticTables
{
    /// <summary>Log odds reach from minus this to this: 11 either way, a probability of 1 in 60,000.</summary>
    public const int Limit = 11 * 256;

    /// <summary>The bounds of a probability in floats.</summary>
    public const float LeastLikely = 1f / 65536, MostLikely = 65535f / 65536;

    /// <summary>Low bits of a float that <see cref="Stretch"/> leaves out.</summary>
    public const int StretchShift = 13;

    /// <summary>Index of the least likely probability, which stands first in <see cref="Stretch"/>.</summary>
    public const uint FirstStretch = (127u - 16) << (23 - StretchShift);

    /// <summary>Low bits of a probability that <see cref="Cost"/> leaves out.</summary>
    public const int CostShift = 4;

    /// <summary>e^(1/256).</summary>
    const double Ratio = 1.00391388933834757;

    static readonly double[] PositiveOdds = MakeOdds();

    /// <summary>Of log odds plus <see cref="Limit"/>, the probability, 1 to 65,535.</summary>
    public static readonly ushort[] Squash = MakeSquash();

    /// <summary>Of the upper bits of a probability as a float, less <see cref="FirstStretch"/>, the log odds.</summary>
    public static readonly short[] Stretch = MakeStretch();

    /// <summary>Of a probability shifted by <see cref="CostShift"/>, minus its binary logarithm in 256ths.</summary>
    public static readonly ushort[] Cost = MakeCost();

    static double[] MakeOdds()
    {
        var odds = new double[Limit + 1];
        odds[0] = 1;
        for (int i = 1; i <= Limit; i++)
            odds[i] = odds[i - 1] * Ratio;
        return odds;
    }

    static double OddsOf(int index) => index >= Limit ? PositiveOdds[index - Limit] : 1 / PositiveOdds[Limit - index];

    static ushort[] MakeSquash()
    {
        var table = new ushort[2 * Limit + 1];
        for (int i = 0; i <= Limit; i++)
        {
            double odds = PositiveOdds[i];
            int probability = (int)(65536 * (odds / (1 + odds)) + 0.5);
            table[Limit + i] = (ushort)Math.Min(probability, 65535);
            table[Limit - i] = (ushort)Math.Max(65536 - probability, 1);
        }

        return table;
    }

    // The inverse: the log odds whose probability is the nearest below the middle of what the index stands for.
    static short[] MakeStretch()
    {
        var table = new short[16 << (23 - StretchShift)];
        int at = 0;
        for (uint index = 0; index < table.Length; index++)
        {
            float middle = BitConverter.UInt32BitsToSingle(((FirstStretch + index) << StretchShift) + (1u << (StretchShift - 1)));
            while (at < 2 * Limit && OddsOf(at + 1) * (1 - (double)middle) <= middle)
                at++;
            table[index] = (short)(at - Limit);
        }

        return table;
    }

    static ushort[] MakeCost()
    {
        var table = new ushort[65536 >> CostShift];
        for (int index = 0; index < table.Length; index++)
            table[index] = (ushort)(Information.OfShare(Math.Max(1, index)) >> (Information.FractionBits - 8));
        return table;
    }
}
