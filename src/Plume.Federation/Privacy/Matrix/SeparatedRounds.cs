namespace Plume.Federation.Privacy.Matrix;

/// <summary>
/// Nothing is gained by chance, as under <see cref="NoSampling"/>, and noise is correlated between rounds: each round that a
/// client takes part in counts in full, and no two of them are nearer than the noise of one reaches.
/// </summary>
/// <remarks>
/// A participation moves a column of the matrix, and those of one client have no row in common, so they are at right angles: the
/// distances that they move add up as squares do (<see cref="ToeplitzFactor.Sensitivity"/>). Noise is a multiple of the longest
/// column, so K participations are, at most, one Gaussian release of noise / sqrt(K), as independent noise of the same multiple
/// would be (<see cref="GaussianPrivacy"/>); exactly that but for those of the last rounds, whose columns are cut. Rounds may be
/// chosen by what was released before: Denisov et al., 2022, arXiv:2202.08312.
/// </remarks>
/// <param name="Mechanism">How noise is correlated, and how far participations are apart.</param>
public sealed record SeparatedRounds(MatrixMechanism Mechanism) : Sampling
{
    static readonly NoSampling Rounds = new();

    /// <inheritdoc/>
    public override string Counts => Rounds.Counts;

    /// <inheritdoc/>
    public override string Definition => Rounds.Definition;

    /// <inheritdoc/>
    public override string Assumption =>
        $"Noise of a round is correlated with that of the {Mechanism.Bands - 1} before it, and no client is in two sums that are "
            + $"fewer than {Mechanism.Separation} rounds apart, which the server sees to. {Rounds.Assumption}";

    private protected override double Account(double noise, int releases, double delta) =>
        GaussianPrivacy.Epsilon(Math.Sqrt(releases) / noise, delta);
}
