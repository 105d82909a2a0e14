namespace Plume.Learning.Leaks;

/// <summary>What scores tell of who is a member: the curve of true over false positives, in figures.</summary>
public static class Roc
{
    /// <summary>
    /// The area under the curve: the chance that a member has a higher score than one that is none, ties counted half. 0.5 where
    /// scores tell nothing.
    /// </summary>
    /// <remarks>
    /// Source: Hanley, McNeil, "The Meaning and Use of the Area under a Receiver Operating Characteristic (ROC) Curve", 1982.
    /// </remarks>
    /// <param name="members">Scores of members, one or more.</param>
    /// <param name="others">Scores of others, one or more.</param>
    /// <exception cref="ArgumentException">There are none of either.</exception>
    public static double Area(ReadOnlySpan<double> members, ReadOnlySpan<double> others)
    {
        ThrowIfEmpty(members, others);
        double[] sorted = others.ToArray();
        Array.Sort(sorted);
        double wins = 0;
        foreach (double score in members)
            wins += (Below(sorted, score, orEqual: false) + Below(sorted, score, orEqual: true)) / 2.0;
        return wins / ((double)members.Length * others.Length);
    }

    /// <summary>The score above which that share of others lies, or less: whoever is above it is taken for a member.</summary>
    /// <param name="others">Scores of others.</param>
    /// <param name="falsePositives">The share, above 0 and below 1.</param>
    /// <returns>Null where there are too few others for that share to be one of them.</returns>
    public static double? Threshold(ReadOnlySpan<double> others, double falsePositives)
    {
        if (!(falsePositives > 0 && falsePositives < 1))
            throw new ArgumentOutOfRangeException(nameof(falsePositives), falsePositives, "A share must be above 0 and below 1.");
        int allowed = (int)(falsePositives * others.Length + 1e-9);
        if (allowed < 1)
            return null;
        double[] sorted = others.ToArray();
        Array.Sort(sorted);
        return sorted[^(allowed + 1)];
    }

    /// <summary>The standard error of an area of independent scores.</summary>
    /// <remarks>Source: Hanley and McNeil, 1982, by the approximation for exponential scores.</remarks>
    /// <param name="area">The area.</param>
    /// <param name="members">How many members, 1 or more.</param>
    /// <param name="others">How many others, 1 or more.</param>
    public static double Error(double area, int members, int others)
    {
        double first = area / (2 - area), second = 2 * area * area / (1 + area), square = area * area;
        return Math.Sqrt(Math.Max(0, area * (1 - area) + (members - 1) * (first - square) + (others - 1) * (second - square))
            / ((double)members * others));
    }

    static int Below(double[] sorted, double score, bool orEqual)
    {
        int low = 0, high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (sorted[middle] < score || orEqual && sorted[middle] == score)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    static void ThrowIfEmpty(ReadOnlySpan<double> members, ReadOnlySpan<double> others)
    {
        if (members.IsEmpty || others.IsEmpty)
            throw new ArgumentException($"A curve needs members and others, but there are {members.Length} and {others.Length}.",
                nameof(members));
    }
}
