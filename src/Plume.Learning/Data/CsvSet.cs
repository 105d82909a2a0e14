using System.Globalization;
using Plume.Compression.Wire;
using Plume.Compression.Wording;

namespace Plume.Learning.Data;

/// <summary>
/// A table of numbers with a header line: one column holds the class, perhaps one the client that owns the row; all others
/// are features, in their order or, where a model names its columns, in the model's.
/// </summary>
public static class CsvSet
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file, gzipped or not; fields are separated by commas and may stand in double quotes.</param>
    /// <param name="label">
    /// Name of the column with the class: names, or whole numbers from 0 (<c>1</c>, <c>1.0</c>), or True and False. Names are
    /// classes in their ordinal order, unless the schema has another.
    /// </param>
    /// <param name="client">Name of the column that says whose row it is, or null.</param>
    /// <param name="sampleShape">Shape of one sample, e.g. 1, 28, 28; or null for a flat row of features.</param>
    /// <param name="classes">Number of classes, or null for those that the schema names, or else the largest number that occurs
    /// and those below it.</param>
    /// <param name="schema">
    /// What the model takes: columns are found by their names, whatever their order, others are left out with a remark; labels
    /// are its classes; values are normalized as it says. Null to take the file as it is.
    /// </param>
    /// <exception cref="InvalidPayloadException">
    /// The file lacks a column, its features do not fill the shape, or a line breaks a rule; the message has file, line and
    /// column.
    /// </exception>
    public static LabeledSet Load(string path, string label, string? client = null, IReadOnlyList<int>? sampleShape = null,
        int? classes = null, SampleSchema? schema = null)
    {
        if (classes is < 1 or > LabelColumn.MostClasses)
            throw new ArgumentOutOfRangeException(nameof(classes), classes, $"Classes must be in 1..{LabelColumn.MostClasses}.");
        using var text = new StreamReader(new PackedFile(path));
        var rows = new CsvRows(text, path);
        var columns = CsvColumns.Read(rows, path, label, client, schema ?? SampleSchema.None);
        int[] shape = [.. sampleShape ?? [columns.Features.Count]];
        if (columns.Features.Count == 0 || shape.Aggregate(1L, (count, dimension) => count * dimension) != columns.Features.Count)
            throw new InvalidPayloadException(
                $"File '{path}' has {columns.Features.Count} columns of features, but a sample has the shape "
                    + $"[{string.Join(", ", shape)}].");
        return Read(rows, path, columns, shape, new LabelColumn(rows, path, columns, classes, schema?.Classes));
    }

    static LabeledSet Read(CsvRows rows, string path, CsvColumns columns, int[] shape, LabelColumn labels)
    {
        var features = new List<float>();
        var owners = new List<string>();
        var names = new HashSet<string>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        while (rows.Next())
        {
            if (rows.Count != columns.Header.Count)
                throw rows.Error(Math.Min(rows.Count, columns.Header.Count),
                    $"the row has {rows.Count} fields, but the header has {columns.Header.Count}");
            foreach (int index in columns.Features)
                features.Add(ReadNumber(rows, index, columns.Header[index]));
            labels.Add();
            if (columns.Client >= 0)
                owners.Add(ReadName(rows, columns.Client, columns.Header[columns.Client], names));
        }

        var (classes, classNames) = labels.Finish();
        var set = new LabeledSet(Path.GetFileName(path), [.. features], shape, labels.Classes, classes)
        {
            Clients = columns.Client < 0 ? null : new ClientColumn(columns.Header[columns.Client], owners),
            Schema = new SampleSchema
            {
                Columns = [.. columns.Features.Select(index => columns.Header[index])],
                Classes = classNames
            },
            Remarks = [.. columns.Remarks, .. labels.Remarks],
        };
        return columns.Normalization is { } normalization ? set.Normalized(normalization) : set;
    }

    static float ReadNumber(CsvRows rows, int index, string column)
    {
        if (float.TryParse(rows[index], NumberStyles.Float, CultureInfo.InvariantCulture, out float value)
            && float.IsFinite(value))
            return value;
        string problem = rows[index].IsEmpty ? "is empty, where a number must be; fill it in, or leave the row out"
            : $"is {rows.Shown(index)}, which is not a finite number";
        throw rows.Error(index, $"'{Printable.Name(column)}' {problem}");
    }

    // One string a client, not one a row.
    static string ReadName(CsvRows rows, int index, string column, HashSet<string>.AlternateLookup<ReadOnlySpan<char>> names)
    {
        var name = rows[index];
        if (name.IsEmpty)
            throw rows.Error(index, $"'{Printable.Name(column)}' is empty, but every row needs its client");
        names.Add(name);
        return names.TryGetValue(name, out string? known) ? known : name.ToString();
    }
}
