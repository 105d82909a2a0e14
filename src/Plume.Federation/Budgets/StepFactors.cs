namespace Plume.Federation.Budgets;

/// <summary>
/// What a federation gives up as a budget presses: how many times coarser than by <c>auto</c> alone the steps of both directions
/// are, and how many clients a round asks.
/// </summary>
/// <remarks>
/// A pressure is a number of sixteenths of an octave. The downlink's step is coarser first, by two octaves, since that loses
/// least: what is published is always the difference to the exact model, so its errors do not add up; the uplink's step takes
/// half an octave over them. Then rounds ask fewer clients, a quarter at least, which loses less than coarser updates of all of
/// them, and then both steps grow until little more than the largest values are left. Below 0 both become finer alike. Powers
/// of two are made of square roots and products, which are the same on every machine.
/// </remarks>
/// <param name="fewest">The smallest share of the clients that a round can do with.</param>
readonly struct StepFactors(double fewest)
{
    /// <summary>Pressure to an octave.</summary>
    public const int Octave = 16;

    /// <summary>The least pressure.</summary>
    public const int Least = -20 * Octave;

    // Where rounds begin to ask fewer clients.
    const int Knee = 2 * Octave;

    // What is left of them where steps grow again, in octaves.
    const int MostFewer = 2 * Octave;

    // The last of the steps.
    const int MostUplink = 3 * Octave, MostDownlink = 2 * Octave;

    // Parts that octaves of a factor are counted in.
    const int Parts = 64;

    const int FloatBits = 32;

    static readonly double[] Powers = PowersOf(Parts);

    /// <summary>How far a step of models may be from what is wanted, either way, before another is taken.</summary>
    public static double Slack => PowerOf(2 * Parts / 5);

    readonly int second = Knee + Fewer(fewest);

    /// <summary>The most pressure.</summary>
    public int Most => second + MostUplink;

    /// <summary>What the uplink's step is multiplied by.</summary>
    public double OfUplink(int pressure) => PowerOf(UplinkParts(pressure));

    /// <summary>What the downlink's step is multiplied by.</summary>
    public double OfDownlink(int pressure) => PowerOf(DownlinkParts(pressure));

    /// <summary>How many 64ths of an octave the uplink's step is coarser.</summary>
    public int UplinkParts(int pressure) => pressure <= 0 ? pressure * (Parts / Octave)
        : Math.Min(pressure, Knee) + Math.Clamp(pressure - second, 0, MostUplink) * (Parts / Octave);

    /// <summary>How many the downlink's is.</summary>
    public int DownlinkParts(int pressure) =>
        (Math.Min(pressure, Knee) + Math.Clamp(pressure - second, 0, MostDownlink)) * (Parts / Octave);

    /// <summary>
    /// What a payload is expected to take by a coarser step, or a finer one: it halves with each octave, or doubles, until an
    /// octave is a bit more of each value.
    /// </summary>
    /// <param name="bytes">What it takes.</param>
    /// <param name="parts">How many 64ths of an octave the step is coarser; below 0 finer.</param>
    /// <param name="most">What its values take as floats.</param>
    public static double BytesBy(double bytes, int parts, long most)
    {
        double bit = most / (FloatBits * (double)Parts);
        for (; parts > 0; parts--)
            bytes = Math.Max(bytes / Powers[1], bytes - bit);
        for (; parts < 0; parts++)
            bytes = Math.Min(bytes * Powers[1], bytes + bit);
        return Math.Min(bytes, most);
    }

    /// <summary>The share of the clients that a round asks.</summary>
    public double Asked(int pressure) =>
        Math.Max(fewest, PowerOf(-Math.Clamp(pressure - Knee, 0, second - Knee) * (Parts / Octave)));

    static int Fewer(double fewest)
    {
        int octaves = 0;
        while (octaves < MostFewer && PowerOf(-(octaves + 1) * (Parts / Octave)) >= fewest)
            octaves++;
        return octaves;
    }

    static double PowerOf(int parts)
    {
        int octaves = parts >> 6;
        return Math.ScaleB(Powers[parts - octaves * Parts], octaves);
    }

    static double[] PowersOf(int parts)
    {
        double root = 2;
        for (int halves = parts; halves > 1; halves /= 2)
            root = Math.Sqrt(root);
        var powers = new double[parts];
        powers[0] = 1;
        for (int i = 1; i < parts; i++)
            powers[i] = powers[i - 1] * root;
        return powers;
    }
}
