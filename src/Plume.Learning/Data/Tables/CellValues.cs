using Plume.Compression.Wording;

namespace Plume.Learning.Data.Tables;

/// <summary>
/// The values of a sample that a column's cells become: a number, or a 1 in the place of a name and 0 in the others.
/// </summary>
sealed class CellValues
{
    readonly FeatureColumn column;
    readonly int[]? places;
    readonly float? fill;
    int filled, unknown;

    /// <param name="column">The cells.</param>
    /// <param name="schema">What a sample is.</param>
    /// <param name="index">The column's place in it.</param>
    public CellValues(FeatureColumn column, SampleSchema schema, int index)
    {
        this.column = column;
        fill = schema.Fill?[index];
        if (schema.Categories?[index] is not { Count: > 0 } categories)
            return;
        var known = categories.Select((name, place) => (name, place)).ToDictionary(pair => pair.name, pair => pair.place,
            StringComparer.Ordinal);
        places = [.. column.Names.Select(name => known.TryGetValue(name, out int place) ? place : -1)];
        Length = categories.Count;
    }

    /// <summary>Values of a sample.</summary>
    public int Length { get; } = 1;

    /// <summary>Writes what a row's cell becomes.</summary>
    /// <param name="row">The row.</param>
    /// <param name="values">Zeros, as many as <see cref="Length"/>.</param>
    /// <exception cref="Compression.Wire.InvalidPayloadException">It is empty, and nothing stands for it.</exception>
    public void Write(int row, Span<float> values)
    {
        bool isEmpty = places is null ? float.IsNaN(column.Numbers[row]) : column.Codes[row] == FeatureColumn.NoCode;
        if (isEmpty && fill is null)
            throw column.FirstEmpty!;
        filled += isEmpty ? 1 : 0;
        if (places is null)
            values[0] = isEmpty ? fill!.Value : column.Numbers[row];
        else if (!isEmpty && places[column.Codes[row]] is >= 0 and var place)
            values[place] = 1;
        else if (!isEmpty)
            unknown++;
    }

    /// <summary>What was done with cells that whoever gave them should know.</summary>
    public IEnumerable<string> Remarks
    {
        get
        {
            string name = Printable.Name(column.Name);
            if (filled > 0)
                yield return places is null ? $"{filled} empty cells of '{name}' take the column's mean, {fill:0.####}."
                    : $"{filled} empty cells of '{name}' are none of its names.";
            if (unknown > 0)
                yield return $"{unknown} cells of '{name}' have names that were not in the training rows; they are none of its "
                    + $"{Length} names: {Listing.Of([.. column.Names.Where((_, code) => places![code] < 0)])}.";
        }
    }
}
