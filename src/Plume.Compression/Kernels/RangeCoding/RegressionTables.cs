using System.Runtime.CompilerServices;

namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>
/// The arithmetic of <see cref="LogisticModel"/>: log odds in 64ths from -11 to 11, and what a counter does with an error. The
/// tables come from single operations on doubles, so they are the same on every machine.
/// </summary>
static class RegressionTables
{
    /// <summary>The index of the largest log odds; 0 is that of the least.</summary>
    public const int Last = 2 * Half;

    const int Half = 11 * 64;
    const int CountBits = 10;
    const int MostAsked = (1 << CountBits) - 1;
    const int Slowest = 60;

    // Of 64ths: what log odds in 2^-17 are shifted by.
    const int IndexShift = CountBits + 11;

    /// <summary>e^(1/64).</summary>
    const double Ratio = 1.0157477085866857;

    static readonly double[] Probabilities = MakeProbabilities();

    /// <summary>Of log odds, the probability in 65536ths, 1 to 65,535.</summary>
    public static readonly ushort[] Probability =
        [.. Probabilities.Select(probability => (ushort)Math.Clamp((int)(65536 * probability + 0.5), 1, 65535))];

    /// <summary>Of log odds, how far a 1 moves them: the error over p (1 - p) + 0.1, in 2^-14. A 0 moves the other way as far as
    /// a 1 does with the opposite odds.</summary>
    public static readonly int[] Step =
        [.. Probabilities.Select(static one => (int)(16384 * ((1 - one) / (one * (1 - one) + 0.1)) + 0.5))];

    /// <summary>Of how often a counter was asked, its part of a step: 8 / (60 + n), in 2^-13.</summary>
    public static readonly int[] Rate =
        [.. Enumerable.Range(0, MostAsked + 1).Select(asked => (65536 + (Slowest + asked) / 2) / (Slowest + asked))];

    /// <summary>The log odds that counters have together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int IndexOf(long sum) => Math.Clamp((int)(sum >> IndexShift), -Half, Half) + Half;

    /// <summary>A counter after an error.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Moved(int counter, int error, ref int rates)
    {
        int asked = counter & MostAsked;
        return unchecked(counter + ((error * Unsafe.Add(ref rates, asked) + (1 << (CountBits - 1))) & ~MostAsked)
            + (asked != MostAsked ? 1 : 0));
    }

    /// <summary>
    /// A counter never asked, by how large its row and column say that values are: half an octave more to a place, and
    /// four fifths of the log odds that a geometric law has, since others add to them.
    /// </summary>
    public static int FirstOf(int place) => (place - 18) * 36341 * (1 << CountBits);

    static double[] MakeProbabilities()
    {
        var probabilities = new double[Last + 1];
        double odds = 1;
        for (int i = 0; i <= Half; i++)
        {
            probabilities[Half + i] = odds / (1 + odds);
            probabilities[Half - i] = 1 / (1 + odds);
            odds *= Ratio;
        }

        return probabilities;
    }
}
