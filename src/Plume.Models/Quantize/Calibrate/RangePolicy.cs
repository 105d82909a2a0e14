namespace Plume.Models.Quantize.Calibrate;

/// <summary>Which part of the activations that were seen the levels are spread over.</summary>
public abstract record RangePolicy
{
    private protected RangePolicy()
    {
    }

    /// <summary>The range to be represented with so many bits; values beyond it are moved to its bounds.</summary>
    /// <exception cref="InvalidOperationException">Nothing was seen.</exception>
    public abstract ValueRange Choose(ActivationHistogram seen, int bits);
}

/// <summary>All that was seen: no clipping, but one outlier coarsens the levels of all.</summary>
public sealed record MinMax : RangePolicy
{
    /// <inheritdoc/>
    public override ValueRange Choose(ActivationHistogram seen, int bits) => seen.Range;
}

/// <summary>What most of the values keep to, on each side.</summary>
/// <remarks>At most 100 - <see cref="Share"/> percent of the values are beyond on either side; bounds are to 1/2048 of the
/// largest. Source: Wu et al., "Integer Quantization for Deep Learning Inference", 2020, arXiv:2004.09602, section 5.</remarks>
public sealed record Percentile : RangePolicy
{
    /// <summary>A share.</summary>
    /// <param name="share">In percent: above 50, to 100.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of its range.</exception>
    public Percentile(double share = 99.99)
    {
        if (!(share > 50 && share <= 100))
            throw new ArgumentOutOfRangeException(nameof(share), share, "A percentile is above 50, to 100.");
        Share = share;
    }

    /// <summary>In percent.</summary>
    public double Share { get; }

    /// <inheritdoc/>
    public override ValueRange Choose(ActivationHistogram seen, int bits)
    {
        var all = seen.Range;
        long beyond = (long)(seen.Count * ((100 - Share) / 100));
        float low = seen.Bound(beyond, upper: false), high = seen.Bound(beyond, upper: true);
        return low <= high ? new(low, high) : all;
    }
}

/// <summary>
/// The range, with 0 in it, whose levels have the least squared error: clipping a few outliers buys finer levels for the rest.
/// </summary>
/// <remarks>
/// Found over bins of 1/2048 of the largest value: both bounds shrunk in steps of a 16th, then each, then in steps of a 128th.
/// Source: Banner et al., "Post Training 4-bit Quantization of Convolutional Networks for Rapid-Deployment", NeurIPS 2019,
/// arXiv:1810.05723; the search is that of Choukroun et al., "Low-bit Quantization of Neural Networks for Efficient
/// Inference", 2019, arXiv:1902.06822.
/// </remarks>
public sealed record MeanSquaredError : RangePolicy
{
    const int Octaves = 8, StepsAnOctave = 64, CoarseStep = 8;

    // The bounds are tried in turn, as one may allow another in.
    const int Sweeps = 2;

    /// <inheritdoc/>
    public override ValueRange Choose(ActivationHistogram seen, int bits)
    {
        var all = seen.Range;
        var values = seen.Filled();
        var best = (Low: 1.0, High: 1.0);
        best = Search(best, factor => (factor, factor));
        for (int sweep = 0; sweep < Sweeps && all is { Min: < 0, Max: > 0 }; sweep++)
        {
            best = Search(best, factor => (best.Low, factor));
            best = Search(best, factor => (factor, best.High));
        }

        return RangeAt(best);

        ValueRange RangeAt((double Low, double High) factors) =>
            new((float)(Math.Min(0, all.Min) * factors.Low), (float)(Math.Max(0, all.Max) * factors.High));

        (double, double) Search((double Low, double High) start, Func<double, (double, double)> candidate)
        {
            var (found, least, at) = (start, Error(start), 0);
            for (int step = 0; step <= Octaves * StepsAnOctave; step += CoarseStep)
                Try(step);
            int coarse = at;
            for (int step = Math.Max(0, coarse - CoarseStep); step < coarse + CoarseStep; step++)
                Try(step);
            return found;

            void Try(int step)
            {
                var factors = candidate(FactorOf(step));
                double error = Error(factors);
                if (error < least)
                    (found, least, at) = (factors, error, step);
            }
        }

        double Error((double Low, double High) factors)
        {
            var grid = ActivationGrid.Of(RangeAt(factors), bits);
            double sum = 0;
            foreach (var (middle, count) in values)
            {
                double error = (double)middle - grid.Quantize(middle);
                sum += count * error * error;
            }

            return sum;
        }
    }

    // From 1 downwards, halved by each octave and in equal steps within it: exact on every machine.
    static double FactorOf(int step) => Math.ScaleB(1 - step % StepsAnOctave / (2.0 * StepsAnOctave), -(step / StepsAnOctave));
}
