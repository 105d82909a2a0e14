namespace Plume.Compression.Kernels;

/// <summary>
/// Bits of information as whole numbers, so that a choice made by comparing costs falls the same way on every machine:
/// mathematical libraries differ in a logarithm's last bit, multiplication does not.
/// </summary>
static class Information
{
    /// <summary>Costs are in units of 2^-16 bit.</summary>
    public const int FractionBits = 16;

    /// <summary>A share is a number of parts of 2^12.</summary>
    public const int ShareBits = 12;

    /// <summary>The share of a token that is the only one.</summary>
    public const int Whole = 1 << ShareBits;

    static readonly int[] Costs = MakeCosts();

    /// <summary>Cost of a token of that share; 0 for a frequency of 0, which must not occur.</summary>
    public static int OfShare(int frequency) => Costs[frequency];

    static int[] MakeCosts()
    {
        var costs = new int[Whole + 1];
        for (int frequency = 1; frequency < costs.Length; frequency++)
            costs[frequency] = (ShareBits << FractionBits) - Logarithm(frequency);
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
