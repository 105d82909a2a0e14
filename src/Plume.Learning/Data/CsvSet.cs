using System.Globalization;
using Plume.Compression.Container;

namespace Plume.Learning.Data;

/// <summary>
/// A table of numbers with a header line: one column holds the class, perhaps one the client that owns the row; all
/// others are features, in their order.
/// </summary>
public static class CsvSet
{
    const int MostClasses = 10_000;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file, gzipped or not; fields are separated by commas and may stand in double quotes.</param>
    /// <param name="label">Name of the column with the class: whole numbers from 0.</param>
    /// <param name="client">Name of the column that says whose row it is, or null.</param>
    /// <param name="sampleShape">Shape of one sample, e.g. 1, 28, 28; or null for a flat row of features.</param>
    /// <param name="classes">Number of classes, or null for the largest class that occurs and those below it.</param>
    /// <exception cref="InvalidPayloadException">
    /// The file lacks a column, its features do not fill the shape, or a line breaks a rule; the message has file, line and column.
    /// </exception>
    public static LabeledSet Load(string path, string label, string? client = null, IReadOnlyList<int>? sampleShape = null, int? classes = null)
    {
        if (classes is < 1 or > MostClasses)
            throw new ArgumentOutOfRangeException(nameof(classes), classes, $"Classes must be in 1..{MostClasses}.");
        using var text = new StreamReader(new PackedFile(path));
        return Read(new CsvRows(text, path), path, label, client, sampleShape, classes);
    }

    static LabeledSet Read(CsvRows rows, string path, string label, string? client, IReadOnlyList<int>? sampleShape, int? classes)
    {
        string[] header = ReadHeader(rows, path);
        int labelIndex = IndexOf(label), clientIndex = client is null ? -1 : IndexOf(client);
        int[] featureIndices = [.. Enumerable.Range(0, header.Length).Where(index => index != labelIndex && index != clientIndex)];
        int[] shape = [.. sampleShape ?? [featureIndices.Length]];
        if (featureIndices.Length == 0 || shape.Aggregate(1L, (count, dimension) => count * dimension) != featureIndices.Length)
            throw new InvalidPayloadException($"File '{path}' has {featureIndices.Length} columns of features, but a sample has the shape [{string.Join(", ", shape)}].");

        var features = new List<float>();
        var labels = new List<int>();
        var owners = new List<string>();
        var names = new HashSet<string>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        while (rows.Next())
        {
            if (rows.Count != header.Length)
                throw rows.Error(Math.Min(rows.Count, header.Length), $"the row has {rows.Count} fields, but the header has {header.Length}");
            foreach (int index in featureIndices)
                features.Add(ReadNumber(rows, index, header[index]));
            labels.Add(ReadClass(rows, labelIndex, label, classes ?? MostClasses));
            if (clientIndex >= 0)
                owners.Add(ReadName(rows, clientIndex, client!, names));
        }

        return labels.Count == 0
            ? throw new InvalidPayloadException($"File '{path}' has no row after its header.")
            : new LabeledSet(Path.GetFileName(path), [.. features], shape, [.. labels], classes ?? labels.Max() + 1)
            {
                Clients = client is null ? null : new ClientColumn(client, owners),
            };

        int IndexOf(string column) => Array.IndexOf(header, column) is >= 0 and var index
            ? index
            : throw new InvalidPayloadException($"File '{path}' has no column '{column}'; it has {string.Join(", ", header)}.");
    }

    static string[] ReadHeader(CsvRows rows, string path)
    {
        if (!rows.Next())
            throw new InvalidPayloadException($"File '{path}' is empty; its first line must name the columns.");
        string[] header = [.. Enumerable.Range(0, rows.Count).Select(index => rows[index].ToString())];
        var names = new HashSet<string>(StringComparer.Ordinal);
        int wrong = Array.FindIndex(header, name => name.Length == 0 || !names.Add(name));
        return wrong < 0 ? header : throw rows.Error(wrong, $"a column's name must be unique and not empty, but '{header[wrong]}' is not");
    }

    static float ReadNumber(CsvRows rows, int index, string column) =>
        float.TryParse(rows[index], NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && float.IsFinite(value)
            ? value
            : throw rows.Error(index, $"'{column}' is '{rows[index]}', which is not a finite number");

    static int ReadClass(CsvRows rows, int index, string column, int classes) =>
        int.TryParse(rows[index], NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value < classes
            ? value
            : throw rows.Error(index, $"'{column}' is '{rows[index]}', which is not a class from 0 to {classes - 1}");

    // One string a client, not one a row.
    static string ReadName(CsvRows rows, int index, string column, HashSet<string>.AlternateLookup<ReadOnlySpan<char>> names)
    {
        var name = rows[index];
        if (name.IsEmpty)
            throw rows.Error(index, $"'{column}' is empty, but every row needs its client");
        names.Add(name);
        return names.TryGetValue(name, out string? known) ? known : name.ToString();
    }
}
