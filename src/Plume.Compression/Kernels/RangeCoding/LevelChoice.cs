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

    /// <summary>The level of {nearest, one nearer to zero, zero} with the least squared error and cost.</summary>
    /// <param name="value">In 256ths of a step.</param>
    /// <param name="notZero">The probability that a level is not zero.</param>
    /// <param name="sign">What the value's sign costs.</param>
    /// <param name="model">What predicts the bits of its magnitude.</param>
    public static int Of<TModel>(int value, int notZero, int sign, TModel model)
        where TModel : struct, IMagnitudeModel, allows ref struct
    {
        int magnitude = Math.Min(Math.Abs(value), LevelModel.Largest << LevelModel.FractionBits),
            nearest = (magnitude + 128) >> LevelModel.FractionBits;
        if (nearest >= LevelModel.Unary)
            return value > 0 ? nearest : -nearest;
        notZero = AtLeast(notZero);
        int chosen = 0, cost = CostOf(notZero) + sign;
        long best = (long)magnitude * magnitude + Lambda * CostOf(65536 - notZero);
        for (int level = 1; level <= nearest; level++)
        {
            int more = model.Above(level);
            if (level >= nearest - 1)
            {
                long error = magnitude - (level << LevelModel.FractionBits);
                long total = error * error + Lambda * (cost + CostOf(65536 - more));
                if (total < best)
                    (best, chosen) = (total, level);
            }

            cost += CostOf(more);
        }

        return value > 0 ? chosen : -chosen;
    }

    /// <summary>What the sign of a value costs.</summary>
    /// <param name="value">The value, not zero.</param>
    /// <param name="positive">The probability that it is positive.</param>
    public static int CostOfSign(int value, int positive) => CostOf(value > 0 ? positive : 65536 - positive);

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

/// <summary>What a model of levels says of the magnitude at hand, before anything of it is learned.</summary>
interface IMagnitudeModel
{
    /// <summary>The probability that it is above another, which it is not below, in 65536ths.</summary>
    /// <param name="magnitude">The other, from 1 to one less than <see cref="LevelModel.Unary"/>.</param>
    int Above(int magnitude);
}
