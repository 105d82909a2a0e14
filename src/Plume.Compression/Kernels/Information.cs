namespace Plume.Compression.Kernels;

/// <summary>
/// Bits of information as whole numbers, so that a choice made by comparing costs falls the same way on every machine:
/// mathematical libraries differ in a logarithm's last bit, multiplication does not.
/// </summary>
static class Information
{
    /// <summary>Costs are in units of 2^-16 bit.</summary>
    public const int FractionBits = 16;

    static readonly int[] Costs = MakeCosts();

    /// <summary>Cost of a token of frequency/4096; 0 for a frequency of 0, which must not occur.</summary>
    public static int OfShare(int frequency) => Costs[frequency];

    static int[] MakeCosts()
    {
        var costs = new int[FrequencyTable.Total + 1];
        for (int frequency = 1; frequency < costs.Length; frequency++)
            costs[frequency] = (FrequencyTable.Bits << FractionBits) - Logarithm(frequency);
        return costs;
    }

    // The binary logarithm, a bit at a time: squaring doubles it.
    static int Logarithm(int value)
    {
        int whole = System.Numerics.BitOperations.Log2((uint)value);
        double rest = (double)value / (1 << whole);
        int logarithm = whole;
        for (int bit = 0; bit < FractionBits; bit++)
        {
            rest *= rest;
            logarithm <<= 1;
            if (rest >= 2)
            {
                rest /= 2;
                logarithm |= 1;
            }
        }

        return logarithm;
    }
}
