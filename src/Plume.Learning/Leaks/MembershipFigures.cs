namespace Plume.Learning.Leaks;

/// <summary>How well updates tell which samples a client has.</summary>
/// <param name="Area">
/// The area under the curve of each update, averaged by client and then over clients: 0.5 tells nothing.
/// </param>
/// <param name="AreaError">Its standard error over clients; of one client's, as if its scores were independent.</param>
/// <param name="TruePositives">
/// The share of members above the score that <see cref="FalsePositives"/> of all others are above; null where there are too few.
/// </param>
/// <param name="TruePositivesError">Its standard error over clients; null where there is one client, or no share.</param>
/// <param name="Updates">Updates that were looked at.</param>
/// <param name="Samples">Members that were asked about, once for each update; as many others.</param>
public sealed record MembershipFigures(double Area, double AreaError, double? TruePositives, double? TruePositivesError,
    int Updates, int Samples)
{
    /// <summary>
    /// The share of others that may be taken for members. Source: Carlini et al., "Membership Inference Attacks From First
    /// Principles", 2021, arXiv:2112.03570, who show that an area alone hides what is told of few samples with certainty.
    /// </summary>
    public const double FalsePositives = 0.01;

    /// <summary>The figures of some updates, one or more.</summary>
    public static MembershipFigures Of(IReadOnlyList<MembershipTrial> trials)
    {
        ArgumentNullException.ThrowIfNull(trials);
        double[] others = [.. trials.SelectMany(trial => trial.Others)];
        int samples = trials.Sum(trial => trial.Members.Length);
        var (area, areaError) = OverClients(trials, trial => Roc.Area(trial.Members, trial.Others));
        double? threshold = Roc.Threshold(others, FalsePositives);
        var (share, shareError) = threshold is { } least
            ? OverClients(trials, trial => (double)trial.Members.Count(score => score > least) / trial.Members.Length)
            : (null, (double?)null);
        return new MembershipFigures(area!.Value, areaError ?? Roc.Error(area.Value, samples, samples), share, shareError,
            trials.Count, samples);
    }

    static (double? Mean, double? Error) OverClients(IReadOnlyList<MembershipTrial> trials, Func<MembershipTrial, double> figure)
    {
        double[] clients = [.. trials.GroupBy(trial => trial.Client).Select(own => own.Average(figure))];
        double mean = clients.Average();
        return (mean, clients.Length < 2 ? null
            : Math.Sqrt(clients.Sum(each => (each - mean) * (each - mean)) / (clients.Length - 1) / clients.Length));
    }
}
