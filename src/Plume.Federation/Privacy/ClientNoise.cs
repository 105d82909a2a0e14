namespace Plume.Federation.Privacy;

/// <summary>
/// Nothing is gained by chance, as under <see cref="NoSampling"/>, and clients add the noise themselves: each a share, as Skellam
/// noise on the whole numbers that it adds to a secure sum, so that nobody has a sum without it.
/// </summary>
/// <remarks>
/// By the account of Gaussian noise, with the little that Skellam noise costs more (<see cref="GaussianPrivacy.MuOfSkellam"/>):
/// of noise 1 a twenty-thousandth. What one client can move has the Euclidean norm <see cref="LeastNorm"/> or more, of which
/// there is less the larger it is. Noise of less than a thirtieth of the norm is accounted for by Rényi privacy of whole orders
/// (<see cref="RenyiPrivacy.Skellam"/>); that numbers are whole bounds their sum of magnitudes by the square of the norm.
/// Source: Agarwal, Kairouz and Liu, "The Skellam Mechanism for Differentially Private Federated Learning", NeurIPS 2021,
/// arXiv:2110.04995. Differs from it: a client's numbers keep to the norm whatever rounding does, so nothing is added for that.
/// </remarks>
public sealed record ClientNoise : Sampling
{
    /// <summary>
    /// The smallest norm, in levels, that clients' numbers may be clipped to: of smaller ones Skellam noise would be worth less.
    /// </summary>
    public const int LeastNorm = 64;

    static readonly NoSampling Rounds = new();

    /// <inheritdoc/>
    public override string Counts => Rounds.Counts;

    /// <inheritdoc/>
    public override string Definition => Rounds.Definition;

    /// <inheritdoc/>
    public override string Assumption =>
        "Each client adds its share of the noise to its own numbers before they are masked, so that nobody has a sum without it; it "
            + "is as much as is said where no more than one contributor of a round's quorum leaves its share out or tells it. "
            + Rounds.Assumption;

    private protected override double Account(double noise, int releases, double delta)
    {
        const double squares = (double)LeastNorm * LeastNorm;
        double variance = noise * noise * squares;
        return variance >= GaussianPrivacy.LeastSkellamVariance
            ? GaussianPrivacy.Epsilon(LeastNorm * GaussianPrivacy.MuOfSkellam(variance) * Math.Sqrt(releases), delta)
            : RenyiPrivacy.Epsilon(delta, order => releases * RenyiPrivacy.Skellam(variance, squares, squares, order),
                RenyiPrivacy.WholeOrders).Epsilon;
    }
}
