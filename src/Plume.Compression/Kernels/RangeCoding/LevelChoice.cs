namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>
/// What the encoder's choice of levels by rate and distortion has in common, whatever predicts the bits. Squared errors are in
/// 2^-16 step^2, costs in 2^-8 bit.
/// </summary>
static class LevelChoice
{
    /// <summary>What a bit is worth, in 256ths of step^2.</summary>
    public const int Lambda = 28;

    // A rarer non-zero than this counts as no rarer, or a context in which zero was chosen for its cost would only get costlier.
    const int Least = 512;

    /// <summary>
    /// Up to which magnitude zero is best, whatever sign and the bits after it would cost; by the probability of another level,
    /// shifted by <see cref="LogisticTables.CostShift"/>.
    /// </summary>
    public static readonly ushort[] ZeroUpTo = MakeZeroUpTo();

    /// <summary>The probability that a level is not zero, as the choice counts it.</summary>
    public static int AtLeast(int probability) => Math.Max(probability, Least);

    /// <summary>What a bit of that probability costs.</summary>
    public static int CostOf(int probability) => LogisticTables.Cost[probability >> LogisticTables.CostShift];

    static ushort[] MakeZeroUpTo()
    {
        const int one = 1 << LevelModel.FractionBits;
        var table = new ushort[65536 >> LogisticTables.CostShift];
        for (int index = 0; index < table.Length; index++)
        {
            int probability = AtLeast(index << LogisticTables.CostShift);
            int dearer = Lambda * (CostOf(probability) - CostOf(65536 - probability));
            table[index] = (ushort)Math.Clamp((one * one + dearer) / (2 * one), one / 2 - 1, 3 * one / 2 - 1);
        }

        return table;
    }
}
