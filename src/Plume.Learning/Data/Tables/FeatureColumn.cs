using System.Globalization;
using System.Text.RegularExpressions;
using Plume.Compression.Wire;
using Plume.Compression.Wording;
using Plume.Learning.Data.Tables.Files;

namespace Plume.Learning.Data.Tables;

/// <summary>
/// A column of features while a table is read: numbers, where its first cell is one or a truth, or else names. A cell of the
/// other kind further down is refused.
/// </summary>
sealed partial class FeatureColumn
{
    /// <summary>A column has no more different names than these: each is a value of a sample.</summary>
    public const int MostNames = 1000;

    const int LongestName = 200;

    /// <summary>Stands for an empty cell among the codes.</summary>
    public const int NoCode = -1;

    readonly TableRows rows;
    readonly int index;
    readonly List<float> numbers = [];
    readonly List<int> codes = [];
    readonly Dictionary<string, int> names = new(StringComparer.Ordinal);
    readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> places;

    /// <param name="rows">The table, of which each row is added once it is read.</param>
    /// <param name="index">The column's place.</param>
    /// <param name="isNames">Whether cells are names, where it is known.</param>
    public FeatureColumn(TableRows rows, int index, bool? isNames)
    {
        (this.rows, this.index, IsNames, Name) = (rows, index, isNames, rows.Header[index]);
        places = names.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The column's name.</summary>
    public string Name { get; }

    /// <summary>Whether cells are names; null where all are empty.</summary>
    public bool? IsNames { get; private set; }

    /// <summary>The numbers by row, where they are numbers; NaN for an empty cell.</summary>
    public IReadOnlyList<float> Numbers => numbers;

    /// <summary>The place of each row's name in <see cref="Names"/>, where they are names.</summary>
    public IReadOnlyList<int> Codes => codes;

    /// <summary>The different names, in the order in which they came.</summary>
    public IReadOnlyList<string> Names => [.. names.Keys];

    /// <summary>Number of numbers with a decimal comma.</summary>
    public int Commas { get; private set; }

    /// <summary>The first row without a value, for a message; null where all rows have one.</summary>
    public InvalidPayloadException? FirstEmpty { get; private set; }

    /// <summary>Adds the cell of the row that was read last.</summary>
    /// <exception cref="InvalidPayloadException">It is of another kind than those before.</exception>
    public void Add()
    {
        if (rows.IsAbsent(index))
        {
            FirstEmpty ??= rows.Error(index, $"'{Printable.Name(Name)}' is {(rows[index].IsEmpty ? "empty" : rows.Shown(index))}, "
                + "where a value must be; fill it in, leave the row out, or let empty cells take the column's mean: --missing mean, "
                + "or data.missing of an experiment");
            numbers.Add(float.NaN);
            codes.Add(NoCode);
            return;
        }

        var cell = rows[index];
        float? number = NumberOf(cell);
        IsNames ??= number is null;
        numbers.Add(IsNames == true ? float.NaN : FiniteOf(number));
        codes.Add(IsNames == true ? CodeOf(cell, number is not null) : NoCode);
    }

    float? NumberOf(ReadOnlySpan<char> cell)
    {
        if (float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out float number))
            return number;
        if (bool.TryParse(cell, out bool truth))
            return truth ? 1 : 0;
        // As other programs write it: no name, and no number that anything can be learned from.
        if (cell.TrimStart("+-").Equals("inf", StringComparison.OrdinalIgnoreCase))
            return float.PositiveInfinity;
        if (rows is not CsvRows { Separator: not ',' } || !DecimalComma().IsMatch(cell))
            return null;
        Commas++;
        return float.Parse(cell.ToString().Replace(',', '.'), NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    float FiniteOf(float? number) => number is { } value && float.IsFinite(value) ? value
        : throw rows.Error(index, $"'{Printable.Name(Name)}' is {rows.Shown(index)}, which is not a finite number"
            + (number is null && numbers.Count > 0 ? ", as the cells before are" : ""));

    // Where it was not said that cells are names, one that is a number is out of place.
    int CodeOf(ReadOnlySpan<char> cell, bool isNumber)
    {
        if (places.TryGetValue(cell, out int known))
            return known;
        if (isNumber && !HasNumbers)
            throw rows.Error(index, $"'{Printable.Name(Name)}' is {rows.Shown(index)}, which is a number, but the cells before are "
                + "names; say that all are, by naming the column in categories");
        if (cell.Length > LongestName)
            throw rows.Error(index, $"'{Printable.Name(Name)}' is a text of {cell.Length} characters, but a name has {LongestName} at most; "
                + "leave the column out");
        if (names.Count == MostNames)
            throw rows.Error(index, $"'{Printable.Name(Name)}' has more than {MostNames} different names; if it is no feature, leave "
                + "the column out");
        return names[cell.ToString()] = names.Count;
    }

    /// <summary>Whether names may be numbers.</summary>
    public bool HasNumbers { get; init; }

    [GeneratedRegex(@"^[-+]?\d+,\d+$", RegexOptions.CultureInvariant)]
    private static partial Regex DecimalComma();
}
