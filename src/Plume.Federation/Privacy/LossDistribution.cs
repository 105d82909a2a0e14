namespace Plume.Federation.Privacy;

/// <summary>
/// How the privacy loss of releases is distributed: the tightest account there is of sampled releases with Gaussian noise. Never
/// below the truth, and within a thousandth of it.
/// </summary>
/// <remarks>
/// Losses lie on a grid. What falls between two points is divided among them so that its chance stays the same in both worlds,
/// which makes delta exact at the points and a little too large between them; what is beyond the grid counts as lost. Composition
/// is convolution. Source: Doroshenko et al., "Connect the Dots: Tighter Discrete Approximations of Privacy Loss Distributions",
/// PETS 2022, arXiv:2207.04380; Koskela, Jälkö and Honkela, "Computing Tight Differential Privacy Guarantees Using FFT", AISTATS
/// 2020, arXiv:1906.03049.
/// </remarks>
public sealed class LossDistribution
{
    // Chance that a sum of losses lies outside the grid, per side; it counts as lost.
    const double Tail = 1e-14;
    const int Points = 1 << 17;
    const int MostMasses = 1 << 18;
    const int MostPoints = 1 << 21;
    const double CoarseStep = 1e-3;
    const double FinestStep = 1e-6;

    static readonly double[] Slopes =
        [.. Enumerable.Range(0, 18).Select(i => Math.Pow(2, i) / 64).SelectMany(slope => (double[])[slope, -slope])];

    readonly double step;
    readonly int lowest;
    readonly double[] masses;
    readonly double lost;

    LossDistribution(double step, int lowest, double[] masses, double lost) =>
        (this.step, this.lowest, this.masses, this.lost) = (step, lowest, masses, lost);

    /// <summary>
    /// The epsilon at a delta of releases from which each client is left out by a chance of its own, which nobody learns.
    /// </summary>
    /// <param name="rate">The chance to be in, above 0 and at most 1.</param>
    /// <param name="noise">Standard deviation over what one client can move.</param>
    /// <param name="releases">How many.</param>
    /// <param name="delta">Above 0 and below 1.</param>
    public static (double Removed, double Added) Epsilon(double rate, double noise, int releases, double delta)
    {
        double removed = Of(new SampledLoss(rate, noise, isAdded: false), releases).EpsilonAt(delta);
        // Where no client is ever left out, both worlds are the same mirrored.
        return (removed, rate >= 1 ? removed : Of(new SampledLoss(rate, noise, isAdded: true), releases).EpsilonAt(delta));
    }

    static LossDistribution Of(SampledLoss loss, int releases)
    {
        // A coarse grid tells how far sums reach, and by which slopes a fine one is bounded.
        var (from, to, slopes) = Discretize(loss, CoarseStep).Range(releases, Slopes);
        double step = Math.Max(FinestStep, Math.Max((to - from) / Points, (loss.Highest - loss.Lowest) / MostMasses));
        for (; ; step *= 2)
        {
            var one = Discretize(loss, step);
            (from, to, _) = one.Range(releases, slopes);
            if ((to - from) / step < MostPoints - 2)
                return one.Composed(releases, from, to);
        }
    }

    static LossDistribution Discretize(SampledLoss loss, double step)
    {
        int lowest = (int)Math.Floor(loss.Lowest / step), highest = (int)Math.Ceiling(loss.Highest / step);
        double[] masses = new double[highest - lowest + 1];
        var edge = loss.At(lowest * step);
        // What is below the grid is raised to its first point.
        masses[0] = loss.Chance(loss.At(double.NegativeInfinity), edge).Here;
        double shrink = 1 - Math.Exp(-step);
        for (int i = 0; i < masses.Length - 1; i++)
        {
            var next = loss.At((lowest + i + 1) * step);
            var (here, there) = loss.Chance(edge, next);
            double up = Math.Clamp((here - there * Math.Exp((lowest + i) * step)) / shrink, 0, here);
            masses[i] += here - up;
            masses[i + 1] += up;
            edge = next;
        }

        return new LossDistribution(step, lowest, masses, loss.Chance(edge, loss.At(double.PositiveInfinity)).Here);
    }

    // Between which losses a sum of so many lies, but for the tail on each side, by Chernoff's bound; and the slopes that said
    // so.
    (double From, double To, double[] Slopes) Range(int times, IEnumerable<double> slopes)
    {
        double from = times * step * lowest, to = times * step * (lowest + masses.Length - 1.0);
        double[] best = [0, 0];
        foreach (double slope in slopes.Where(slope => slope != 0))
        {
            double bound = (times * LogMoment(slope) - Math.Log(Tail)) / slope;
            if (slope > 0 && bound < to)
                (to, best[0]) = (bound, slope);
            if (slope < 0 && bound > from)
                (from, best[1]) = (bound, slope);
        }

        return (from, Math.Max(to, from + step), best);
    }

    double LogMoment(double slope)
    {
        double sum = double.NegativeInfinity;
        for (int i = 0; i < masses.Length; i++)
        {
            if (masses[i] == 0)
                continue;
            double term = Math.Log(masses[i]) + slope * step * (lowest + i), high = Math.Max(sum, term);
            sum = high + Math.Log(1 + Math.Exp(Math.Min(sum, term) - high));
        }

        return sum;
    }

    LossDistribution Composed(int times, double from, double to)
    {
        int length = 2;
        while (length < (to - from) / step + 2)
            length *= 2;
        double[] circle = new double[length];
        for (int i = 0; i < masses.Length; i++)
            circle[Place(lowest + i, length)] += masses[i];
        Fourier.SelfConvolve(circle, times);
        int first = (int)Math.Floor(from / step);
        double[] line = new double[length];
        for (int i = 0; i < length; i++)
            line[i] = Math.Max(0, circle[Place(first + i, length)]);
        return new LossDistribution(step, first, line, times * lost + 2 * Tail);
    }

    static int Place(long index, int length) => (int)(((index % length) + length) % length);

    double EpsilonAt(double delta)
    {
        // From the largest loss down: delta(epsilon) = lost + sum over losses above of mass (1 - e^(epsilon - loss)).
        double above = lost, weighted = 0;
        if (above >= delta)
            return double.PositiveInfinity;
        for (int i = masses.Length - 1; i >= 0; i--)
        {
            double loss = step * (lowest + i);
            if (loss < 0 || above - weighted * Math.Exp(loss) > delta)
                return weighted > 0 ? Math.Max(0, Math.Log((above - delta) / weighted)) : 0;
            above += masses[i];
            weighted += masses[i] * Math.Exp(-loss);
        }

        return 0;
    }
}
