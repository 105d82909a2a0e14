using Plume.Learning.Data;

namespace Plume.Learning.Leaks;

/// <summary>How near what was read off an update comes to one sample.</summary>
/// <param name="Candidate">Which of what was read is the nearest; -1 where nothing was.</param>
/// <param name="Error">
/// The square of the distance, as a share of that from the mean of held-out samples: 0 is the sample, and 1 what anybody could
/// guess.
/// </param>
/// <param name="PeakRatio">The peak signal-to-noise ratio in dB, of the range of values that samples have.</param>
public readonly record struct Nearest(int Candidate, double Error, double PeakRatio);

/// <summary>What anybody can know of samples without seeing a client's: by it, errors are measured.</summary>
public sealed class KnownSamples
{
    readonly float[] mean;

    /// <summary>By samples that no client has.</summary>
    public KnownSamples(LabeledSet heldOut)
    {
        ArgumentNullException.ThrowIfNull(heldOut);
        double[] sums = new double[heldOut.SampleLength];
        (Low, High) = (float.PositiveInfinity, float.NegativeInfinity);
        for (int sample = 0; sample < heldOut.Count; sample++)
        {
            var values = heldOut[sample];
            for (int i = 0; i < sums.Length; i++)
            {
                sums[i] += values[i];
                (Low, High) = (Math.Min(Low, values[i]), Math.Max(High, values[i]));
            }
        }

        mean = Array.ConvertAll(sums, sum => (float)(sum / heldOut.Count));
    }

    /// <summary>The least value.</summary>
    public float Low { get; }

    /// <summary>The largest value.</summary>
    public float High { get; }

    /// <summary>
    /// Which of what was read comes nearest to a sample: more than an attacker knows, so a bound on what it has.
    /// </summary>
    /// <param name="read">What was read off an update.</param>
    /// <param name="sample">The sample.</param>
    public Nearest Find(IReadOnlyList<float[]> read, ReadOnlySpan<float> sample)
    {
        ArgumentNullException.ThrowIfNull(read);
        double guessed = Square(mean, sample), nearest = double.PositiveInfinity;
        int found = -1;
        for (int candidate = 0; candidate < read.Count; candidate++)
        {
            double distance = Square(read[candidate], sample);
            if (distance < nearest)
                (found, nearest) = (candidate, distance);
        }

        if (found < 0)
            return new Nearest(-1, 1, PeakRatio(guessed, sample.Length));
        return new Nearest(found, guessed > 0 ? nearest / guessed : nearest > 0 ? double.PositiveInfinity : 0,
            PeakRatio(nearest, sample.Length));
    }

    double PeakRatio(double square, int length) =>
        10 * Math.Log10(((double)High - Low) * ((double)High - Low) / Math.Max(square / length, double.Epsilon));

    static double Square(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        double sum = 0;
        for (int i = 0; i < left.Length; i++)
            sum += ((double)left[i] - right[i]) * ((double)left[i] - right[i]);
        return sum;
    }
}
