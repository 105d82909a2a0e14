namespace Plume.Learning.Leaks;

/// <summary>Scores of samples by one update of a client.</summary>
/// <param name="Client">Which client.</param>
/// <param name="Members">Scores of its samples.</param>
/// <param name="Others">Scores of as many that nobody has.</param>
public sealed record MembershipTrial(int Client, double[] Members, double[] Others)
{
    /// <summary>
    /// Scores of pairs of one class each. An attacker knows the classes of what it asks about, so each score is taken less the
    /// mean of its class, and all are divided by what is left of their spread: those of several updates can then be put together.
    /// </summary>
    /// <param name="client">Which client.</param>
    /// <param name="members">Cosines of its samples.</param>
    /// <param name="others">Cosines of held-out samples.</param>
    /// <param name="labels">The class of the i-th of both.</param>
    public static MembershipTrial Of(int client, IReadOnlyList<double> members, IReadOnlyList<double> others,
        IReadOnlyList<int> labels)
    {
        ArgumentNullException.ThrowIfNull(members);
        ArgumentNullException.ThrowIfNull(others);
        ArgumentNullException.ThrowIfNull(labels);
        if (members.Count != labels.Count || others.Count != labels.Count || labels.Count == 0)
            throw new ArgumentException(
                $"Scores come in pairs of one class, but there are {members.Count}, {others.Count} and {labels.Count} classes.",
                nameof(members));
        var means = Enumerable.Range(0, labels.Count).GroupBy(i => labels[i])
            .ToDictionary(group => group.Key, group => group.Average(i => (members[i] + others[i]) / 2));
        double[] own = Centred(members), held = Centred(others);
        double spread = Math.Sqrt(own.Concat(held).Average(score => score * score));
        return new MembershipTrial(client, Scaled(own), Scaled(held));

        double[] Centred(IReadOnlyList<double> scores) => [.. scores.Select((score, i) => score - means[labels[i]])];

        double[] Scaled(double[] scores) => spread > 0 ? Array.ConvertAll(scores, score => score / spread) : scores;
    }
}
