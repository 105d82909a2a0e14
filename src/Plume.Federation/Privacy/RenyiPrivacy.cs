namespace Plume.Federation.Privacy;

/// <summary>
/// Rényi differential privacy of one release with Gaussian noise, by its order: what several give away is the sum. It bounds
/// samplings for which nothing exact is known, and checks what is computed otherwise.
/// </summary>
/// <remarks>Source: Mironov, "Rényi Differential Privacy", CSF 2017, arXiv:1702.07476.</remarks>
public static class RenyiPrivacy
{
    // Standard deviations beyond which Gaussian mass does not count in a double, and the points that each is divided into.
    const double Reach = 12;
    const int PointsOfDeviation = 16;

    /// <summary>The whole orders that privacy is looked at by: 2 to 256.</summary>
    public static IReadOnlyList<double> WholeOrders { get; } = [.. Enumerable.Range(2, 255).Select(order => (double)order)];

    /// <summary>The same with tenths below 11.</summary>
    public static IReadOnlyList<double> Orders { get; } =
        [.. Enumerable.Range(11, 100).Select(tenths => tenths / 10.0), .. WholeOrders.Where(order => order > 11)];

    /// <summary>The epsilon at a delta of a sum of Rényi privacies, by the order that says the least.</summary>
    /// <remarks>
    /// Source: Canonne, Kamath and Steinke, "The Discrete Gaussian for Differential Privacy", NeurIPS 2020, arXiv:2004.00010,
    /// Proposition 12.
    /// </remarks>
    /// <param name="delta">Above 0 and below 1.</param>
    /// <param name="privacy">The sum at an order.</param>
    /// <param name="orders">Which to try; without, <see cref="Orders"/>.</param>
    public static (double Epsilon, double Order) Epsilon(double delta, Func<double, double> privacy,
        IReadOnlyList<double>? orders = null)
    {
        ArgumentNullException.ThrowIfNull(privacy);
        var (least, best) = (orders ?? Orders)
            .Select(order => (Epsilon: privacy(order) + Math.Log(1 - 1 / order) - Math.Log(delta * order) / (order - 1), order))
                .MinBy(found => found.Epsilon);
        return (Math.Max(0, least), best);
    }

    /// <summary>Of a client that is in the release for certain: order / (2 noise²).</summary>
    public static double Gaussian(double noise, double order) => order / (2 * noise * noise);

    /// <summary>
    /// Of a client that is in the release for certain, where it is of whole numbers and each has symmetric Skellam noise.
    /// </summary>
    /// <remarks>
    /// Formula: order s / (2 v) + min(((2 order - 1) s + 6 m) / (4 v²), 3 m / (2 v)). Source: Agarwal, Kairouz and Liu, "The
    /// Skellam Mechanism for Differentially Private Federated Learning", NeurIPS 2021, arXiv:2110.04995, Theorem 3.5.
    /// </remarks>
    /// <param name="variance">Of the noise on each number, v.</param>
    /// <param name="squares">Largest sum of the squares of what one client can move, s.</param>
    /// <param name="magnitudes">Largest sum of their magnitudes, m.</param>
    /// <param name="order">A whole number above 1.</param>
    public static double Skellam(double variance, double squares, double magnitudes, double order) =>
        order * squares / (2 * variance)
            + Math.Min(((2 * order - 1) * squares + 6 * magnitudes) / (4 * variance * variance), 3 * magnitudes / (2 * variance));

    /// <summary>Of a client that is in the release with a chance of its own, which nobody learns.</summary>
    /// <remarks>
    /// Whole orders by the binomial sum, others by quadrature of the same expectation, which is exact to its rounding.
    /// Source: Mironov, Talwar and Zhang, "Rényi Differential Privacy of the Sampled Gaussian Mechanism", 2019, arXiv:1908.10530.
    /// </remarks>
    /// <param name="rate">The chance, above 0 and at most 1.</param>
    /// <param name="noise">Standard deviation over what one client can move.</param>
    /// <param name="order">Above 1.</param>
    public static double Poisson(double rate, double noise, double order)
    {
        if (rate >= 1)
            return Gaussian(noise, order);
        double moment = order == Math.Floor(order) ? BinomialMoment(rate, noise, (int)order)
            : LogMean(noise, order, gain => order * LogMixture(rate, gain));
        return Math.Max(0, moment) / (order - 1);
    }

    /// <summary>
    /// Of a client whose data may be another's, where each release is of a fixed number of clients, drawn without replacement in
    /// secret, by whole orders from 2. Never above what it would be without sampling.
    /// </summary>
    /// <remarks>
    /// Source: Wang, Balle and Kasiviswanathan, "Subsampled Rényi Differential Privacy and Analytical Moments Accountant",
    /// AISTATS 2019, arXiv:1808.00087, Theorem 27.
    /// </remarks>
    /// <param name="rate">The share that is drawn, above 0 and at most 1.</param>
    /// <param name="noise">Standard deviation over what another client's data can move: twice what one client's can.</param>
    /// <param name="mostOrder">The largest order.</param>
    public static double[] FixedSize(double rate, double noise, int mostOrder)
    {
        // The theorem's difference of an even order is log E[(e^gain - 1)^order].
        double[] differences = [.. Enumerable.Range(0, mostOrder / 2 + 2)
            .Select(half => LogMean(noise, 2 * half, gain => 2 * half * LogLess(gain)))];
        double[] terms = new double[mostOrder + 1], privacy = new double[mostOrder + 1];
        for (int j = 2; j <= mostOrder; j++)
            terms[j] = j * Math.Log(rate)
                + Math.Min(Math.Log(2) + j * (j - 1) / (2 * noise * noise),
                    Math.Log(4) + (differences[j / 2] + differences[(j + 1) / 2]) / 2);
        for (int order = 2; order <= mostOrder; order++)
        {
            double moment = 0, logBinomial = Math.Log(order);
            for (int j = 2; j <= order; j++)
            {
                logBinomial += Math.Log((order - j + 1.0) / j);
                moment = LogAdd(moment, logBinomial + terms[j]);
            }

            privacy[order] = Math.Min(Gaussian(noise, order), moment / (order - 1));
        }

        return privacy;
    }

    // log |e^gain - 1|; a large gain would overflow.
    static double LogLess(double gain) => gain > 30 ? gain : Math.Log(Math.Abs(Math.Exp(gain) - 1));

    static double BinomialMoment(double rate, double noise, int order)
    {
        double sum = double.NegativeInfinity, logBinomial = 0;
        for (int k = 0; k <= order; k++)
        {
            if (k > 0)
                logBinomial += Math.Log((order - k + 1.0) / k);
            sum = LogAdd(sum, logBinomial + (order - k) * Math.Log(1 - rate) + k * Math.Log(rate) + k
                * (k - 1.0) / (2 * noise * noise));
        }

        return sum;
    }

    // log E[e^value(gain)] over x of N(0, noise²), gain = (2x - 1) / (2 noise²); the trapezoidal rule converges faster than any
    // power here.
    static double LogMean(double noise, double order, Func<double, double> value)
    {
        double step = noise / PointsOfDeviation, sum = double.NegativeInfinity;
        for (double x = -Reach * noise; x <= order + Reach * noise; x += step)
            sum = LogAdd(sum, value((2 * x - 1) / (2 * noise * noise)) - x * x / (2 * noise * noise));
        return sum + Math.Log(step / (noise * Math.Sqrt(2 * Math.PI)));
    }

    static double LogMixture(double rate, double gain) => gain > 0
        ? gain + Math.Log(rate + (1 - rate) * Math.Exp(-gain))
        : Math.Log(1 - rate + rate * Math.Exp(gain));

    static double LogAdd(double left, double right)
    {
        double high = Math.Max(left, right), low = Math.Min(left, right);
        return double.IsNegativeInfinity(low) ? high : high + Math.Log(1 + Math.Exp(low - high));
    }
}
