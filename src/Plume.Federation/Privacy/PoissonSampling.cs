namespace Plume.Federation.Privacy;

/// <summary>
/// Each client is in each round by a chance of its own, which nobody learns. Federations of Plume draw otherwise: this is for
/// planning others.
/// </summary>
/// <remarks>
/// The loss distribution (<see cref="LossDistribution"/>), the worse of a client that is there and one that is not.
/// </remarks>
public sealed record PoissonSampling : Sampling
{
    /// <summary>A chance.</summary>
    /// <param name="rate">Above 0 and at most 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is out of its range.</exception>
    public PoissonSampling(double rate)
    {
        if (!(rate > 0 && rate <= 1))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "The chance must be above 0 and at most 1.");
        Rate = rate;
    }

    /// <summary>The chance.</summary>
    public double Rate { get; }

    /// <inheritdoc/>
    public override string Counts => "all rounds of the federation";

    /// <inheritdoc/>
    public override string Definition => "for any one client, whether it is among the clients or not";

    /// <inheritdoc/>
    public override string Assumption =>
        $"Each client is in each round by a chance of {Share(Rate)} of its own, which nobody learns, and sums are divided by a "
            + $"number that is fixed beforehand. Plume draws a fixed number of the clients that are there, which is not that.";

    private protected override double Account(double noise, int releases, double delta)
    {
        var (removed, added) = LossDistribution.Epsilon(Rate, noise, releases, delta);
        return Math.Max(removed, added);
    }
}
