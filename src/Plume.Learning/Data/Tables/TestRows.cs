using System.Globalization;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Learning.Data.Tables;

/// <summary>
/// Which rows of a table are kept for measuring. It is one word of text everywhere: <c>share(20%)</c>, <c>file(test.csv)</c>,
/// <c>column(split=test)</c>.
/// </summary>
public abstract record TestRows
{
    private protected TestRows()
    {
    }

    /// <summary>A fifth, drawn from the seed.</summary>
    public static TestRows Default { get; } = new TestShare(0.2);

    /// <summary>Reads the notation; printing gives it back.</summary>
    /// <exception cref="FormatException">The text is none; the message has the known words.</exception>
    public static TestRows Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string line = text.Trim();
        int open = line.IndexOf('(', StringComparison.Ordinal);
        string word = open < 0 ? line : line[..open].TrimEnd(), argument = open >= 0 && line.EndsWith(')') ? line[(open + 1)..^1].Trim() : "";
        int equals = argument.IndexOf('=', StringComparison.Ordinal);
        return word switch
        {
            "share" when argument.EndsWith('%') && double.TryParse(argument[..^1], NumberStyles.Float, CultureInfo.InvariantCulture,
                out double percent) && percent is > 0 and < 100 => new TestShare(percent / 100),
            "file" when argument.Length > 0 => new TestFile(argument),
            "column" when equals > 0 && argument[..equals].Trim() is { Length: > 0 } name && argument[(equals + 1)..].Trim() is { Length: > 0 } value =>
                new TestColumn(name, value),
            _ => throw new FormatException($"Test rows '{text}' must be share(20%), a share above 0% and below 100%, file(PATH), or "
                + "column(NAME=VALUE), the rows that have the value in the column."),
        };
    }

    /// <summary>The rows to learn from and those to measure on.</summary>
    /// <exception cref="InvalidPayloadException">One of the two has no rows.</exception>
    internal abstract (int[] Train, int[] Test) Split(Table table, RandomKey key);

    private protected abstract string Notation { get; }

    /// <summary>The notation.</summary>
    public sealed override string ToString() => Notation;
}

/// <summary>A share of the rows, at least one, drawn from the seed.</summary>
/// <param name="Share">Above 0 and below 1.</param>
public sealed record TestShare(double Share) : TestRows
{
    /// <summary>The share.</summary>
    public double Share { get; } = Share is > 0 and < 1 ? Share
        : throw new ArgumentOutOfRangeException(nameof(Share), Share, "A share for testing must be above 0 and below 1.");

    private protected override string Notation => string.Create(CultureInfo.InvariantCulture, $"share({100 * Share:0.######}%)");

    internal override (int[] Train, int[] Test) Split(Table table, RandomKey key)
    {
        int[] order = [.. Enumerable.Range(0, table.Count)];
        new RandomDraws(key.Fold("hold-out")).Shuffle(order.AsSpan());
        int test = Math.Max(1, (int)(Share * table.Count));
        return (order[test..], order[..test]);
    }
}

/// <summary>The rows that have a value in a column.</summary>
/// <param name="Column">The column, which is no feature then.</param>
/// <param name="Value">The value, as it is written.</param>
public sealed record TestColumn(string Column, string Value) : TestRows
{
    private protected override string Notation => $"column({Column}={Value})";

    internal override (int[] Train, int[] Test) Split(Table table, RandomKey key)
    {
        var rows = Enumerable.Range(0, table.Count).ToLookup(row => table.Splits![row] == Value);
        return rows[true].Any() && rows[false].Any() ? ([.. rows[false]], [.. rows[true]])
            : throw new InvalidPayloadException(
                $"Column '{Column}' of '{table.Name}' must have '{Value}' in some rows, those for testing, and something else in others; "
                    + $"it has {Listing.Of([.. table.Splits!.Distinct()])}.");
    }
}

/// <summary>All rows of another table with the same columns; those of the first are to learn from.</summary>
/// <param name="Path">The other table's file.</param>
public sealed record TestFile(string Path) : TestRows
{
    private protected override string Notation => $"file({Path})";

    internal override (int[] Train, int[] Test) Split(Table table, RandomKey key) => ([.. Enumerable.Range(0, table.Count)], []);
}
