using System.Globalization;
using Plume.Compression.Wire;
using Plume.Compression.Wording;
using Plume.Learning.Data.Tables.Files;

namespace Plume.Learning.Data.Tables;

/// <summary>The classes of a table's rows, read from the column with the labels, numbers or names.</summary>
sealed class LabelColumn
{
    /// <summary>A table has no more classes than these.</summary>
    public const int MostClasses = 10_000;

    readonly TableRows rows;
    readonly string name;
    readonly int index;
    readonly int? given;
    readonly ClassNames? known;
    readonly IReadOnlyList<string>? knownNames;
    readonly List<int> labels = [];
    readonly Dictionary<string, int> seen = new(StringComparer.Ordinal);
    readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> places;
    bool? isNumbers;

    /// <param name="rows">The table, of which each row is added once it is read.</param>
    /// <param name="columns">Where the labels are.</param>
    /// <param name="given">The number of classes, where it is known.</param>
    /// <param name="names">The classes' names, where they are known.</param>
    public LabelColumn(TableRows rows, TableColumns columns, int? given, IReadOnlyList<string>? names)
    {
        (this.rows, this.given, index, name) =
            (rows, given, columns.Label, Printable.Name(columns.Header[columns.Label]));
        (known, knownNames) = (names is null ? null : new ClassNames(names), names);
        places = seen.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The class of each row, once all are added and <see cref="Finish"/> was called.</summary>
    public int[] Classes { get; private set; } = [];

    /// <summary>What to say about names that became numbers.</summary>
    public IReadOnlyList<string> Remarks { get; private set; } = [];

    /// <summary>Adds the row that was read last.</summary>
    /// <exception cref="InvalidPayloadException">Its label is missing, or no class.</exception>
    public void Add()
    {
        var label = rows[index];
        if (rows.IsAbsent(index) && known?.IndexOf(label) is not >= 0)
            throw rows.Error(index, $"'{name}' is {(label.IsEmpty ? "empty" : rows.Shown(index))}, but every row needs its class");
        if (known is null)
            AddUnknown(label);
        else
            labels.Add(known.IndexOf(label) is >= 0 and var place ? place
                : throw rows.Error(index, $"'{name}' is {rows.Shown(index)}, which is none of the model's classes: {known}"));
    }

    /// <summary>The number of classes, and their names where they have any.</summary>
    /// <exception cref="InvalidPayloadException">There is no row, or as many names as a model without names cannot
    /// place.</exception>
    public (int Classes, IReadOnlyList<string>? Names) Finish()
    {
        if (labels.Count == 0)
            throw new InvalidPayloadException($"File '{rows.Path}' has no row after its header.");
        if (known is not null)
            return (Taken(knownNames!.Count), knownNames);
        if (isNumbers == true)
            return (Taken(given ?? labels.Max() + 1), null);
        string[] names = [.. seen.Keys.Order(StringComparer.Ordinal)];
        if (given is { } classes && classes != names.Length)
            throw new InvalidPayloadException(
                $"File '{rows.Path}' has {names.Length} names in '{name}' ({Listing.Of(names)}), but the model tells {classes} "
                    + $"classes apart and does not name them. Write the classes as numbers from 0.");
        int[] order = new int[names.Length];
        for (int place = 0; place < names.Length; place++)
            order[seen[names[place]]] = place;
        for (int row = 0; row < labels.Count; row++)
            labels[row] = order[labels[row]];
        Remarks = [$"Classes by name: {Listing.Of([.. names.Select((each, place) => $"{Printable.Line(each, 30)} = {place}")])}."];
        return (Taken(names.Length), names);
    }

    int Taken(int classes)
    {
        Classes = [.. labels];
        return classes;
    }

    void AddUnknown(ReadOnlySpan<char> label)
    {
        int? number = ClassNames.NumberOf(label);
        bool isNumber = number is not null || double.TryParse(label, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
        if ((isNumbers ??= isNumber) != isNumber)
            throw rows.Error(index, $"'{name}' is {rows.Shown(index)}, which is "
                + $"{(isNumber ? "a number, but the rows before have names" : "no number, as the rows before have")}");
        int most = given ?? MostClasses;
        if (isNumber)
            labels.Add(number is { } place && place < most ? place
                : throw rows.Error(index, $"'{name}' is {rows.Shown(index)}, which is not a class from 0 to {most - 1}{(given is null
                    ? "; if it is a number to predict, name the column with --target, or data.target of an experiment" : "")}"));
        else if (places.TryGetValue(label, out int known))
            labels.Add(known);
        else if (seen.Count == MostClasses)
            throw rows.Error(index, $"'{name}' has more than {MostClasses} different names; is it the column with the class?");
        else
            labels.Add(seen[label.ToString()] = seen.Count);
    }
}
