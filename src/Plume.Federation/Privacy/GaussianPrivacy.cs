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

    /// <summary>Noise of zero-concentrated privacy rho as a mu: they are the same guarantee of Gaussian noise.</summary>
    /// <remarks>Source: Bun and Steinke, "Concentrated Differential Privacy", TCC 2016, arXiv:1605.02065.</remarks>
    public static double MuOfRho(double rho) => Math.Sqrt(2 * rho);
}
