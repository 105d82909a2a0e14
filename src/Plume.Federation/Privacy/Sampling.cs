using System.Globalization;

namespace Plume.Federation.Privacy;

/// <summary>
/// How clients get into the releases of a run, as far as privacy goes: which theorem may be used, and what it then says.
/// </summary>
public abstract record Sampling
{
    // Beyond these nobody would call it privacy, or a run.
    const double MostNoise = 1e6;
    const int MostReleases = 1_000_000;
    const double Tolerance = 1e-5;

    /// <summary>The epsilon of a number of releases.</summary>
    /// <param name="noise">Standard deviation of the noise over what one client can move the sum: its clip.</param>
    /// <param name="releases">How many, as <see cref="Counts"/> says.</param>
    /// <param name="delta">Above 0 and below 1.</param>
    public double Epsilon(double noise, int releases, double delta)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(noise);
        ArgumentOutOfRangeException.ThrowIfNegative(releases);
        if (!(delta > 0 && delta < 1))
            throw new ArgumentOutOfRangeException(nameof(delta), delta, "The delta must be above 0 and below 1.");
        return releases == 0 ? 0 : Account(noise, releases, delta);
    }

    /// <summary>The least noise within a budget; null where there is none below a million.</summary>
    /// <param name="epsilon">Above 0.</param>
    /// <param name="releases">1 or more.</param>
    /// <param name="delta">Above 0 and below 1.</param>
    public double? NoiseFor(double epsilon, int releases, double delta)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epsilon);
        double enough = 1;
        while (Epsilon(enough, releases, delta) > epsilon)
        {
            if ((enough *= 2) > MostNoise)
                return null;
        }

        double tooLittle = enough / 2;
        while (tooLittle > Tolerance && Epsilon(tooLittle, releases, delta) <= epsilon)
            (enough, tooLittle) = (tooLittle, tooLittle / 2);
        return Root.FirstTrue(tooLittle, enough, noise => Epsilon(noise, releases, delta) <= epsilon, Tolerance);
    }

    /// <summary>The most releases within a budget: 0 where one is too much already, a million at most.</summary>
    /// <param name="epsilon">Above 0.</param>
    /// <param name="noise">Above 0.</param>
    /// <param name="delta">Above 0 and below 1.</param>
    public int ReleasesFor(double epsilon, double noise, double delta)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epsilon);
        int within = 0, beyond = 1;
        while (beyond < MostReleases && Epsilon(noise, beyond, delta) <= epsilon)
            (within, beyond) = (beyond, Math.Min(MostReleases, beyond * 2));
        if (beyond == MostReleases && Epsilon(noise, beyond, delta) <= epsilon)
            return MostReleases;
        while (beyond - within > 1)
        {
            int middle = within + (beyond - within) / 2;
            if (Epsilon(noise, middle, delta) <= epsilon)
                within = middle;
            else
                beyond = middle;
        }

        return within;
    }

    /// <summary>What counts as a release: "those that one client takes part in", of all rounds, or all of them.</summary>
    public abstract string Counts { get; }

    /// <summary>What is promised, of which world against which: the rest of a sentence that begins with the guarantee.</summary>
    public abstract string Definition { get; }

    /// <summary>What must be true for it: a sentence.</summary>
    public abstract string Assumption { get; }

    private protected abstract double Account(double noise, int releases, double delta);

    private protected static string Share(double rate) => string.Create(CultureInfo.InvariantCulture, $"{rate * 100:0.####}%");
}
