using Plume.Federation.Rounds;

namespace Plume.Federation.SecureRounds;

/// <summary>A group's secure sum.</summary>
/// <param name="number">Which group of the attempt, from 0.</param>
/// <param name="clients">Who is in the sum.</param>
/// <param name="sum">What it tells.</param>
public sealed class RevealedGroup(int number, IReadOnlyList<int> clients, RevealedSum sum)
{
    /// <summary>Which group of the attempt, from 0.</summary>
    public int Number => number;

    /// <summary>Who is in the sum.</summary>
    public IReadOnlyList<int> Clients => clients;

    /// <summary>What it tells.</summary>
    public RevealedSum Sum => sum;
}

/// <summary>All that the secure sums of a round tell: one for each group that has one.</summary>
/// <param name="groups">One or more, in ascending order.</param>
public sealed class RevealedSums(IReadOnlyList<RevealedGroup> groups)
{
    /// <summary>The groups, in ascending order.</summary>
    public IReadOnlyList<RevealedGroup> Groups => groups;

    /// <summary>Who is in them.</summary>
    public IEnumerable<int> Clients => groups.SelectMany(group => group.Clients);

    /// <summary>How many are in them.</summary>
    public int Count => groups.Sum(group => group.Clients.Count);

    /// <summary>
    /// The norm that stands for those of single updates: the median of what the mean of each client's group has.
    /// </summary>
    public double Norm => NormBound.LowerMedian([.. groups
        .SelectMany(group => Enumerable.Repeat(group.Sum.MeanNorm, group.Clients.Count))]);

    /// <summary>The mean of the clients' own training losses.</summary>
    public double Loss => Mean(sum => sum.Loss);

    /// <summary>The mean reach of their levels.</summary>
    public double Fill => Mean(sum => sum.Fill);

    // Of one sum exactly what it says.
    double Mean(Func<RevealedSum, double> figure) => groups.Count == 1 ? figure(groups[0].Sum)
        : groups.Sum(group => figure(group.Sum) * group.Clients.Count) / Count;
}
