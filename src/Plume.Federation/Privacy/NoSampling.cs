namespace Plume.Federation.Privacy;

/// <summary>
/// Nothing is gained by chance: each round that a client takes part in counts in full. It is what a federation can promise
/// whoever decides which clients are there, which drop out, and which are asked more than needed.
/// </summary>
/// <remarks>Exact: the releases together are one of Gaussian noise (<see cref="GaussianPrivacy"/>).</remarks>
public sealed record NoSampling : Sampling
{
    /// <inheritdoc/>
    public override string Counts => "those that one client takes part in";

    /// <inheritdoc/>
    public override string Definition => "for any one client, whether its updates are in the sums or zeros stand in their place";

    /// <inheritdoc/>
    public override string Assumption =>
        "Nothing is assumed of which clients take part and when, and that they take part is not hidden; each round that a "
            + "client takes part in counts in full.";

    private protected override double Account(double noise, int releases, double delta) =>
        GaussianPrivacy.Epsilon(Math.Sqrt(releases) / noise, delta);
}
