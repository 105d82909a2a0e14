using Plume.Compression.Aggregation;

namespace Plume.Federation.Robustness;

/// <summary>Goes over the messages of a round, as many columns at a time as there is memory for.</summary>
sealed class MessageWalk
{
    readonly IMessageRows rows;
    readonly RowBlock block;
    readonly int width;
    int held = -1;

    public MessageWalk(IMessageRows rows)
    {
        this.rows = rows;
        width = Math.Clamp(RobustMean.BlockBytes / (2 * sizeof(float)) / rows.Count, RobustMean.FewestColumns,
            Math.Max(RobustMean.FewestColumns, rows.Length));
        block = new RowBlock(rows.Count, width);
    }

    /// <summary>The inner products of all pairs.</summary>
    public RowDistances Distances()
    {
        var products = new double[rows.Count * rows.Count];
        foreach (int _ in Columns())
            block.AddProducts(products);
        return new RowDistances(products, rows.Count);
    }

    /// <summary>The sum of the messages with these factors.</summary>
    /// <param name="factors">Of the messages as they came.</param>
    /// <param name="scales">What each is scaled by before its distance is told.</param>
    public RobustOutcome Weighted(double[] factors, double[] scales)
    {
        var (mean, squares) = (new float[rows.Length], new double[rows.Count]);
        foreach (int first in Columns())
        {
            var part = mean.AsSpan(first, block.Columns);
            block.Combine(factors, part);
            AddDistances(part, scales, squares);
        }

        return new RobustOutcome(mean, factors, Roots(squares));
    }

    /// <summary>What the rule makes of each column.</summary>
    /// <param name="rule">A rule by coordinate.</param>
    /// <param name="mixing">The factors of all messages in each row that it sees.</param>
    /// <param name="scales">What each message is scaled by before its distance is told.</param>
    public RobustOutcome ByCoordinate(RobustRule rule, double[] mixing, double[] scales)
    {
        var (mean, squares) = (new float[rows.Length], new double[rows.Count]);
        var seen = new RowBlock(rows.Count, width);
        foreach (int first in Columns())
        {
            block.Mix(mixing, seen);
            seen.SortColumns();
            var part = mean.AsSpan(first, block.Columns);
            rule.Combine(seen, part);
            AddDistances(part, scales, squares);
        }

        return new RobustOutcome(mean, null, Roots(squares));
    }

    IEnumerable<int> Columns()
    {
        for (int first = 0; first < rows.Length; first += width)
        {
            if (held != first)
            {
                block.Use(Math.Min(width, rows.Length - first));
                rows.Read(first, block);
                held = first;
            }

            yield return first;
        }
    }

    void AddDistances(ReadOnlySpan<float> point, double[] scales, double[] squares)
    {
        for (int row = 0; row < squares.Length; row++)
            squares[row] += block.SquaredDistance(row, scales[row], point);
    }

    static double[] Roots(double[] squares) => [.. squares.Select(Math.Sqrt)];
}
