namespace Plume.Federation.Privacy;

/// <summary>
/// What releases with Gaussian noise give away together, exactly: any number of them, each chosen after those before, are as one
/// whose noise is smaller. Its <c>mu</c> is the Euclidean distance that one client can move all releases, over the noise's
/// standard deviation.
/// </summary>
/// <remarks>
/// delta(epsilon) = Phi(mu/2 - epsilon/mu) - e^epsilon Phi(-mu/2 - epsilon/mu). K releases of noise multiplier z: mu = sqrt(K) /
/// z. Source: Balle and Wang, "Improving the Gaussian Mechanism for Differential Privacy", ICML 2018, arXiv:1805.06530; Dong,
/// Roth and Su, "Gaussian Differential Privacy", 2019, arXiv:1905.02383.
/// </remarks>
public static class GaussianPrivacy
{
    /// <summary>The delta at an epsilon.</summary>
    /// <param name="mu">Sensitivity over standard deviation, 0 or more.</param>
    /// <param name="epsilon">0 or more.</param>
    public static double Delta(double mu, double epsilon)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(mu);
        ArgumentOutOfRangeException.ThrowIfNegative(epsilon);
        if (mu == 0)
            return 0;
        if (double.IsPositiveInfinity(mu))
            return 1;
        // Both terms have the factor e^(-near²/2), without which neither over- nor underflows.
        double near = epsilon / mu - mu / 2, far = epsilon / mu + mu / 2;
        return near >= 0
            ? Math.Exp(-near * near / 2) * (Normal.ScaledAbove(near) - Normal.ScaledAbove(far))
            : Normal.Below(-near) - Math.Exp(-near * near / 2) * Normal.ScaledAbove(far);
    }

    /// <summary>The epsilon at a delta.</summary>
    /// <param name="mu">Sensitivity over standard deviation, 0 or more.</param>
    /// <param name="delta">Above 0 and below 1.</param>
    public static double Epsilon(double mu, double delta)
    {
        if (Delta(mu, 0) <= delta)
            return 0;
        double enough = mu * mu / 2 + mu * Math.Sqrt(2 * Math.Log(1 / delta));
        return double.IsFinite(enough) ? Root.FirstTrue(0, enough, epsilon => Delta(mu, epsilon) <= delta)
            : double.PositiveInfinity;
    }

    /// <summary>The largest mu within a budget.</summary>
    /// <param name="epsilon">Above 0.</param>
    /// <param name="delta">Above 0 and below 1.</param>
    public static double Mu(double epsilon, double delta)
    {
        double tooMuch = 1;
        while (Delta(tooMuch, epsilon) <= delta)
            tooMuch *= 2;
        // The smallest inverse at which the budget is kept.
        return 1 / Root.FirstTrue(1 / tooMuch, 1e12, inverse => Delta(1 / inverse, epsilon) <= delta);
    }

    /// <summary>The smallest variance that <see cref="MuOfSkellam"/> knows.</summary>
    public const double LeastSkellamVariance = 4;

    /// <summary>
    /// Symmetric Skellam noise on whole numbers as a mu, for each step that one client can move a number: what it can move by a
    /// Euclidean norm has no more than norm times this, over all numbers together.
    /// </summary>
    /// <remarks>
    /// Chances of such noise are log-concave, so the best tests of k + noise against noise ask whether a number is reached, and
    /// the pair is as private as Gaussian noise of mu where Phi^-1 of the two chances of that are never more than mu apart. One
    /// step moves Phi^-1 most over zero, by 2 Phi^-1((1 + p) / 2) with p = e^-v I_0(v) the chance of zero, and k steps by no more
    /// than k times that; numbers and releases then add up as Gaussian ones do. For variances from 4 up that is below
    /// (1 + 1 / (5 v)) / sqrt(v), and in the limit 1 + 1 / (6 v). That it is over zero is looked at in the tests, for all numbers
    /// that can be drawn. Source of the two rules of composition: Dong, Roth and Su, "Gaussian Differential Privacy", 2019,
    /// arXiv:1905.02383, Theorem 2.14 and Corollary 3.3.
    /// </remarks>
    /// <param name="variance">Of the noise on each number, at least <see cref="LeastSkellamVariance"/>.</param>
    public static double MuOfSkellam(double variance)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(variance, LeastSkellamVariance);
        return (1 + 1 / (5 * variance)) / Math.Sqrt(variance);
    }

    /// <summary>Noise of zero-concentrated privacy rho as a mu: they are the same guarantee of Gaussian noise.</summary>
    /// <remarks>Source: Bun and Steinke, "Concentrated Differential Privacy", TCC 2016, arXiv:1605.02065.</remarks>
    public static double MuOfRho(double rho) => Math.Sqrt(2 * rho);
}
