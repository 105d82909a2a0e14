using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>
/// The arithmetic of <see cref="LogisticModel"/> and <see cref="WavefrontModel"/>: log odds in 64ths from -11 to 11, and what a
/// counter does with an error. The tables come from single operations on doubles, so they are the same on every machine.
/// </summary>
static class RegressionTables
{
    /// <summary>The index of the largest log odds; 0 is that of the least.</summary>
    public const int Last = 2 * Half;

    /// <summary>The most that a counter counts.</summary>
    public const int MostAsked = (1 << CountBits) - 1;

    /// <summary>What a counter's rate has before it was ever asked.</summary>
    public const int Slowest = 60;

    const int Half = 11 * 64;
    const int CountBits = 10;

    // A counter of lanes counts no further: sixteen may ask it at once, and sixteen more before it has learned of them.
    const int MostAskedOfLanes = MostAsked + 1 - 2 * WavefrontRows.Lanes;

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

    /// <summary>Of log odds, the probability in 65536ths, above 1 / (p (1 - p) + 0.1) in 2^-12: 16 bits each.</summary>
    public static readonly int[] Entries = [.. Probability.Select(static probability =>
        probability << 16 | (int)(4096 / (probability / 65536.0 * (1 - probability / 65536.0) + 0.1) + 0.5))];

    /// <summary>The log odds that counters have together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int IndexOf(long sum) => Math.Clamp((int)(sum >> IndexShift), -Half, Half) + Half;

    /// <summary>The log odds of each lane, of the sum of eighths of its counters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> IndexOf(Vector512<int> sum) =>
        Vector512.Max(Vector512.Min(sum >> (IndexShift - 3), Vector512.Create(Half)), Vector512.Create(-Half))
            + Vector512.Create(Half);

    /// <summary>What came less its probability, over p (1 - p) + 0.1, in 2^-14.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ErrorOf(int entry, int bit) => ((bit << 15) - (entry >>> 17)) * (entry & 0xFFFF) >> 13;

    /// <summary>The same in each lane in 2^-30, 0 where it is not active.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ErrorOf(Vector512<int> entries, Vector512<int> bits, Vector512<int> active)
    {
        var difference = (bits & Vector512.Create(1 << 15)) - (entries >>> 17);
        var error = (difference * (entries & Vector512.Create(0xFFFF))) >> 13;
        return Vector512.ConvertToSingle(error & active) * Vector512.Create(65536f);
    }

    /// <summary>How far a counter of lanes moves by an error: 8 / (60 + n) of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe int MoveOf(int counter, int error, int* rates)
    {
        int asked = counter & MostAsked;
        return (error * rates[asked] & ~MostAsked) + (int)((uint)(asked - MostAskedOfLanes) >> 31);
    }

    /// <summary>The same in each lane that is active.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MoveOf(Vector512<int> counters, Vector512<float> errors, Vector512<int> active)
    {
        var asked = counters & Vector512.Create(MostAsked);
        var moved = Vector512.ConvertToInt32Native(errors / Vector512.ConvertToSingle(asked + Vector512.Create(Slowest)));
        return (moved & Vector512.Create(~MostAsked)) + ((asked - Vector512.Create(MostAskedOfLanes)) >>> 31 & active);
    }

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
