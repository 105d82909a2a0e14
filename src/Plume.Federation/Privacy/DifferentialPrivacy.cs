using System.Globalization;
using Plume.Federation.Privacy.Clipping;
using Plume.Federation.Privacy.Matrix;

namespace Plume.Federation.Privacy;

/// <summary>
/// Privacy of a federation's clients: each update is scaled down to a norm, their sum gets noise, and a client is asked no more
/// when one more round of its would break the budget.
/// </summary>
/// <remarks>
/// Central: the server scales, adds Gaussian noise and sees updates; whoever sees models sees no client. Under an uplink that
/// ends in <c>secure</c> clients scale and add Skellam noise themselves (<see cref="IsAtClients"/>), and the server sees the
/// noisy sum. A client is protected as a whole, however much data it has. Each round that a client takes part in counts in full,
/// whoever else does (<see cref="NoSampling"/>, <see cref="ClientNoise"/>, <see cref="SeparatedRounds"/>).
/// Source: McMahan et al., "Learning Differentially Private Recurrent Language Models", ICLR 2018, arXiv:1710.06963. Differs from
/// it: rounds are counted client by client instead of as samples, as in Feldman and Zrnic, "Individual Privacy Accounting via a
/// Rényi Filter", NeurIPS 2021, arXiv:2008.11193; all updates weigh alike, and the mean is over those that came, since who takes
/// part is not hidden.
/// </remarks>
/// <param name="Noise">Standard deviation of the noise on the sum, as a multiple of the norm that an update has at most.</param>
/// <param name="Delta">Chance that the promise fails, above 0 and below one over the number of clients.</param>
/// <param name="Epsilon">The budget of each client.</param>
public sealed record DifferentialPrivacy(double Noise, double Delta, double Epsilon)
{
    /// <summary>
    /// Whether clients add the noise, inside a secure sum, and not the server. A plan says so by its uplink.
    /// </summary>
    public bool IsAtClients { get; init; }

    /// <summary>How the clip follows the norms of updates; null where it is the uplink's in all rounds.</summary>
    public AdaptiveClip? Clip { get; init; }

    /// <summary>How the server's noise is correlated between rounds; null where it is drawn anew each round.</summary>
    public MatrixMechanism? Matrix { get; init; }

    /// <summary>How releases are counted.</summary>
    public Sampling Sampling => SamplingOf(IsAtClients, Matrix);

    /// <summary>How releases of federations are counted.</summary>
    /// <param name="isAtClients">Whether clients add the noise.</param>
    /// <param name="matrix">How the server's noise is correlated; null where it is not.</param>
    public static Sampling SamplingOf(bool isAtClients, MatrixMechanism? matrix = null) => isAtClients ? new ClientNoise()
        : matrix is null ? new NoSampling() : new SeparatedRounds(matrix);

    /// <summary>Rounds that a client may take part in within the budget.</summary>
    public int MostParticipations => IsInRange(Noise, Delta, Epsilon) ? Sampling.ReleasesFor(Epsilon, Noise, Delta) : 0;

    /// <summary>The epsilon that a client has spent with so many rounds.</summary>
    public double Spent(int participations) => Sampling.Epsilon(Noise, participations, Delta);

    /// <summary>The clients that have budget left for another round.</summary>
    /// <param name="participations">The rounds that clients took part in so far.</param>
    /// <param name="clients">Which to look at.</param>
    public IEnumerable<int> WithBudget(IReadOnlyDictionary<int, int> participations, IEnumerable<int> clients)
    {
        int most = MostParticipations;
        return clients.Where(client => participations.GetValueOrDefault(client) < most);
    }

    /// <summary>The promise in a sentence, of the client that took part in the most rounds.</summary>
    /// <param name="participations">In how many.</param>
    public string Sentence(int participations) => Invariant(
        $"The models so far are ({RoundedUp(Spent(participations))}, {Delta:0.###e+0})-differentially private {Sampling.Definition}; the budget is {Epsilon}. {WhoAdds}{Sampling.Assumption}");

    /// <summary>Every rule that is broken, in sentences.</summary>
    /// <param name="clients">How many clients the federation has.</param>
    public IEnumerable<string> Problems(int clients)
    {
        if (!(Noise > 0 && double.IsFinite(Noise)))
            yield return Invariant($"The noise must be above 0, for without any there is no privacy, but is {Noise}.");
        if (!(Epsilon > 0 && double.IsFinite(Epsilon)))
            yield return Invariant($"The budget epsilon must be above 0, but is {Epsilon}.");
        if (!(Delta > 0 && Delta < 1.0 / Math.Max(clients, 1)))
            yield return Invariant($"The delta must be above 0 and below 1/{clients}, one over the number of clients, or all of one client's data could be told; it is {Delta}.");
        if (IsInRange(Noise, Delta, Epsilon) && MostParticipations == 0)
            yield return Invariant($"The budget is spent at the start: one round with noise {Noise} costs an epsilon of {Spent(1):0.###}, and the budget is {Epsilon}; noise of {RoundedUp(Sampling.NoiseFor(Epsilon, 1, Delta) ?? double.PositiveInfinity)} would pay for one round of each client.");
    }

    /// <summary>A figure with three digits behind the point, never less than it is.</summary>
    public static double RoundedUp(double figure) => Math.Ceiling(figure * 1000) / 1000;

    // That clients do is part of what is assumed.
    string WhoAdds => IsAtClients ? "" : "The server adds the noise, and sees updates without it. ";

    static bool IsInRange(double noise, double delta, double epsilon) =>
        noise > 0 && double.IsFinite(noise) && delta is > 0 and < 1 && epsilon > 0 && double.IsFinite(epsilon);

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
