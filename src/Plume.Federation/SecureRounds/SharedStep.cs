using Plume.Compression.Codecs;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Codecs.Select;

namespace Plume.Federation.SecureRounds;

/// <summary>Which step a round's clients share: it follows how far the levels of the round before reached.</summary>
/// <remarks>
/// The root mean square of a round's levels, as a share of the outermost level, is the one thing that is told of them: a mean
/// over clients, out of the secure sum. The next step is such that it would have been the share that loses least of normal
/// values; at most eight times smaller or four times larger than before. Steps are quarter octaves of few digits, exact in a
/// float, so every machine comes to the same. Source of the shares: Max, "Quantizing for Minimum Distortion", IRE Trans.
/// Information Theory 1960, table II.
/// </remarks>
public static class SharedStep
{
    const double MostSmaller = 1.0 / 8;
    const double MostLarger = 4;

    static readonly double[] Quarters = [1, 1.1875, 1.40625, 1.6875];

    // By bits, from 2.
    static readonly double[] Fills = [0.72, 0.5, 0.41, 0.34, 0.3, 0.27, 0.25];

    /// <summary>The share of the outermost level that the root mean square of levels should have.</summary>
    public static double FillOf(int bits) => Fills[Math.Clamp(bits - 2, 0, Fills.Length - 1)];

    /// <summary>The step of the first round.</summary>
    /// <param name="rootMeanSquare">What values are expected to have.</param>
    /// <param name="bits">Of a level.</param>
    public static float First(double rootMeanSquare, int bits) => Rounded(rootMeanSquare / (FillOf(bits) * LastOf(bits)));

    /// <summary>The step of the next round.</summary>
    /// <param name="step">That of the last.</param>
    /// <param name="fill">The root mean square of its levels, as a share of the outermost.</param>
    /// <param name="bits">Of a level.</param>
    public static float Next(float step, double fill, int bits) =>
        Rounded(step * Math.Clamp(fill / FillOf(bits), MostSmaller, MostLarger));

    /// <summary>The stage of a codec whose step clients share.</summary>
    internal static Uniform QuantizerOf(Codec codec) => codec.Stages.OfType<Uniform>().Single();

    /// <summary>The share of its values that a codec sends; 1 where it leaves none out.</summary>
    internal static double ShareSent(Codec codec) =>
        codec.Stages.OfType<RandomK>().Select(select => select.Share).FirstOrDefault(1);

    static int LastOf(int bits) => (1 << (bits - 1)) - 1;

    // The nearest, by ratio, of the quarter octaves; within the range that a codec takes.
    static float Rounded(double step)
    {
        step = Math.Clamp(step, 1e-30, 1e18);
        int octave = Math.ILogB(step);
        double best = Math.ScaleB(1, octave);
        foreach (double quarter in Quarters.Append(2))
        {
            double candidate = Math.ScaleB(quarter, octave);
            if (Math.Max(candidate / step, step / candidate) < Math.Max(best / step, step / best))
                best = candidate;
        }

        return (float)best;
    }
}
