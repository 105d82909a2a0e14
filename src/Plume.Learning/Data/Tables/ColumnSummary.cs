using System.Text.Json.Serialization;
using Plume.Compression.Wire;

namespace Plume.Learning.Data.Tables;

/// <summary>What is known of a column over some rows.</summary>
/// <param name="Name">The column.</param>
/// <param name="Count">Rows with a value.</param>
/// <param name="Missing">Rows without.</param>
/// <param name="Mean">Of the numbers: their sum is this times the count; 0 for names.</param>
/// <param name="Deviations">The sum of the numbers' squared differences from the mean; 0 for names.</param>
/// <param name="Categories">The different names, in ordinal order; null for numbers.</param>
/// <remarks>
/// Count, mean and deviations say what count, sum and sum of squares do, but keep the deviation of numbers that are large and
/// close together, which a sum of squares loses. Source: T. Chan, G. Golub, R. LeVeque, "Updating formulae and a pairwise algorithm for
/// computing sample variances", 1979.
/// </remarks>
public sealed record ColumnSummary(string Name, long Count, long Missing, double Mean, double Deviations,
    IReadOnlyList<string>? Categories)
{
    /// <summary>What the numbers are divided by: their standard deviation, or 1 where all agree.</summary>
    [JsonIgnore]
    public float Scale => Normalization.ScaleOf(Mean, Math.Sqrt(Deviations / Math.Max(1, Count)));

    /// <summary>Whether there is no value.</summary>
    [JsonIgnore]
    public bool IsEmpty => Count == 0;

    [JsonIgnore]
    internal bool IsSound => !string.IsNullOrEmpty(Name) && Count >= 0 && Missing >= 0 && double.IsFinite(Mean)
        && double.IsFinite(Deviations) && Deviations >= 0
        && (Categories is null || Categories.Count <= FeatureColumn.MostNames && !Categories.Any(string.IsNullOrEmpty)
            && Categories.Distinct(StringComparer.Ordinal).Count() == Categories.Count);

    /// <summary>The summary over the rows of both.</summary>
    /// <exception cref="InvalidPayloadException">One has names and the other numbers, or there are too many names.</exception>
    public ColumnSummary Merge(ColumnSummary other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Categories is null != other.Categories is null)
            throw new InvalidPayloadException(
                $"Column '{Name}' has names for some clients and numbers for others; say that all are names, by naming it in "
                    + "categories.");
        string[]? names = Categories is null ? null : [.. Categories.Union(other.Categories!).Order(StringComparer.Ordinal)];
        if (names?.Length > FeatureColumn.MostNames)
            throw new InvalidPayloadException(
                $"Column '{Name}' has {names.Length} different names, but {FeatureColumn.MostNames} are the most; leave it out.");
        long count = Count + other.Count;
        double apart = other.Mean - Mean, share = count == 0 ? 0 : (double)other.Count / count;
        return new ColumnSummary(Name, count, Missing + other.Missing, Mean + apart * share,
            Deviations + other.Deviations + apart * apart * Count * share, names);
    }

    internal static ColumnSummary Of(FeatureColumn column, ReadOnlySpan<int> rows)
    {
        if (column.IsNames == true)
        {
            var seen = new SortedSet<string>(StringComparer.Ordinal);
            long absent = 0;
            var names = column.Names;
            foreach (int row in rows)
            {
                if (column.Codes[row] is >= 0 and var code)
                    seen.Add(names[code]);
                else
                    absent++;
            }

            return new ColumnSummary(column.Name, rows.Length - absent, absent, 0, 0, [.. seen]);
        }

        long count = 0;
        double mean = 0, deviations = 0;
        foreach (int row in rows)
        {
            if (float.IsNaN(column.Numbers[row]))
                continue;
            double apart = column.Numbers[row] - mean;
            mean += apart / ++count;
            deviations += apart * (column.Numbers[row] - mean);
        }

        return new ColumnSummary(column.Name, count, rows.Length - count, mean, deviations, null);
    }
}
