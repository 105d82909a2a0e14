using System.Globalization;
using Plume.Federation.Privacy;

namespace Plume.Cli.Privacy;

/// <summary>A number of releases and what it means.</summary>
/// <param name="Meaning">Such as "as many as all clients have alike".</param>
/// <param name="Releases">How many.</param>
sealed record ReleaseCount(string Meaning, int Releases);

/// <summary>One line of an answer.</summary>
/// <param name="Meaning">What it is.</param>
/// <param name="Noise">Noise over the clip; null where no noise is enough.</param>
/// <param name="Rounds">Releases.</param>
/// <param name="Epsilon">What they give away.</param>
sealed record PrivacyRow(string Meaning, double? Noise, int Rounds, double? Epsilon);

/// <summary>What is asked of the accountant: of noise, rounds and epsilon, what is known.</summary>
/// <param name="Sampling">How clients get into rounds.</param>
/// <param name="Delta">Chance that the promise fails.</param>
/// <param name="Noise">Noise over the clip.</param>
/// <param name="Epsilon">The budget.</param>
/// <param name="Counts">The numbers of releases to look at.</param>
sealed record PrivacyQuestion(Sampling Sampling, double Delta, double? Noise, double? Epsilon, IReadOnlyList<ReleaseCount> Counts)
{
    /// <summary>What the two that are known say of the third.</summary>
    public IReadOnlyList<PrivacyRow> Answer() => [.. Spent(), .. Reached(), .. Needed()];

    /// <summary>The promise in a sentence.</summary>
    /// <param name="row">The line that it is about.</param>
    public string Sentence(PrivacyRow row) => string.Create(CultureInfo.InvariantCulture,
        $"The models are ({row.Epsilon:0.####}, {Delta:0.###e+0})-differentially private {Sampling.Definition}. "
            + $"{Sampling.Assumption}");

    // An epsilon is rounded up and noise, too, so that what is shown is never more than what is kept.
    static double RoundedUp(double value) => Math.Ceiling(value * 1e4) / 1e4;

    IEnumerable<PrivacyRow> Spent() => Noise is not { } noise ? []
        : Counts.Select(count =>
            new PrivacyRow($"this noise, {count.Meaning}", noise, count.Releases,
                RoundedUp(Sampling.Epsilon(noise, count.Releases, Delta))));

    IEnumerable<PrivacyRow> Reached()
    {
        if (Noise is not { } noise || Epsilon is not { } epsilon)
            yield break;
        int most = Sampling.ReleasesFor(epsilon, noise, Delta);
        yield return new PrivacyRow(
            string.Create(CultureInfo.InvariantCulture, $"this noise, until epsilon {epsilon:0.####} is spent"), noise, most,
            RoundedUp(Sampling.Epsilon(noise, most, Delta)));
    }

    IEnumerable<PrivacyRow> Needed()
    {
        if (Epsilon is not { } epsilon)
            yield break;
        foreach (var count in Counts)
        {
            double? least = Sampling.NoiseFor(epsilon, count.Releases, Delta) is { } found ? RoundedUp(found) : null;
            yield return new PrivacyRow(
                string.Create(CultureInfo.InvariantCulture, $"least noise for epsilon {epsilon:0.####}, {count.Meaning}"), least,
                count.Releases,
                least is { } noise ? RoundedUp(Sampling.Epsilon(noise, count.Releases, Delta)) : null);
        }
    }
}
