using Plume.Compression.Aggregation;

namespace Plume.Federation.Robustness;

/// <summary>What a rule made of a round's messages.</summary>
/// <param name="Mean">In place of the mean.</param>
/// <param name="Factors">How much of each message is in it, where the rule says so: 1 / n is an equal part. Null where it goes by
/// coordinate.</param>
/// <param name="Distances">How far each message, scaled as the norm bound or the rule has it, is from it.</param>
public sealed record RobustOutcome(float[] Mean, double[]? Factors, double[] Distances);

/// <summary>Applies rules to messages.</summary>
/// <remarks>
/// Memory: a run of columns of all messages, twice where a rule goes by coordinate, of <see cref="BlockBytes"/> together or
/// <see cref="FewestColumns"/> columns; messages that are longer are read more than once.
/// </remarks>
public static class RobustMean
{
    /// <summary>Bytes of the columns that are in memory at once.</summary>
    public const int BlockBytes = 64 << 20;

    /// <summary>Columns that are in memory at least.</summary>
    public const int FewestColumns = 1024;

    /// <summary>What the rule makes of the messages.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="rows">The messages, in the order of their clients: of equal ones a rule takes the earlier.</param>
    /// <param name="scaleOf">What a message is scaled by, given its norm, where it counts; null leaves all as they are.</param>
    /// <param name="root">The server's own update, for a rule that compares with one.</param>
    /// <exception cref="ArgumentException">The rule cannot work on so few messages, or without the server's own.</exception>
    public static RobustOutcome Of(RobustRule rule, IMessageRows rows, Func<double, double>? scaleOf = null,
        ReadOnlyMemory<float> root = default)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(rows);
        if (rule.Misfit(rows.Count) is { } misfit)
            throw new ArgumentException($"{rule} {misfit}.", nameof(rows));
        if (rule.ComparesWithRoot)
            return WithRoot(rule, rows, root);
        int count = rows.Count;
        var walk = new MessageWalk(rows);
        var distances = walk.Distances();
        double[] scales = [.. Enumerable.Range(0, count).Select(row => scaleOf?.Invoke(distances.Norm(row)) ?? 1)];
        double[] mixing = Diagonal(scales);
        // Whom a message is near to is told by what was sent: scaled to a usual size, one that is far off would stand among the
        // others.
        if (rule.Mixing is { } nearest)
            mixing = [.. nearest.FactorsOf(distances).Select((factor, place) => factor * scales[place % count])];
        if (rule.Mixing is not null || (scaleOf is not null && !rule.ChoosesWhole))
            distances = distances.Mixed(mixing);

        return rule.Weigh(distances) is { } weights ? walk.Weighted(Through(weights, mixing), scales)
            : walk.ByCoordinate(rule, mixing, scales);
    }

    // Each message is scaled to the root's norm, so there is nothing left for a bound on norms to do; parts are of all that
    // counts.
    static RobustOutcome WithRoot(RobustRule rule, IMessageRows rows, ReadOnlyMemory<float> root)
    {
        if (root.Length != rows.Length)
            throw new ArgumentException(
                $"{rule} compares messages of {rows.Length} values with the server's own, which has {root.Length}.", nameof(root));
        var walk = new MessageWalk(new RootedRows(rows, root));
        var distances = walk.Distances();
        double own = distances.Norm(rows.Count);
        double[] factors = rule.Weigh(distances)!;
        double[] scales = [.. factors.Select((_, row) => distances.Norm(row) is > 0 and var norm ? own / norm : 1)];
        var outcome = walk.Weighted(factors, scales);
        double[] parts = [.. factors.Zip(scales, (factor, scale) => factor == 0 ? 0 : factor / scale)];
        return new RobustOutcome(outcome.Mean, parts[..^1], outcome.Distances[..^1]);
    }

    static double[] Diagonal(double[] scales)
    {
        var diagonal = new double[scales.Length * scales.Length];
        for (int row = 0; row < scales.Length; row++)
            diagonal[row * (scales.Length + 1)] = scales[row];
        return diagonal;
    }

    // The messages, and after them the server's own.
    sealed class RootedRows(IMessageRows rows, ReadOnlyMemory<float> root) : IMessageRows
    {
        public int Count => rows.Count + 1;

        public int Length => rows.Length;

        public void Read(int first, RowBlock block)
        {
            rows.Read(first, block);
            root.Span.Slice(first, block.Columns).CopyTo(block[rows.Count]);
        }
    }

    // The factors of the messages as they came, of those of mixed ones.
    static double[] Through(double[] weights, double[] mixing) =>
        [.. weights.Select((_, column) => weights.Select((weight, row) => weight * mixing[row * weights.Length + column]).Sum())];
}
