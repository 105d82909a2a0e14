using System.Globalization;
using Plume.Compression.Container;

namespace Plume.Learning.Data;

/// <summary>
/// A table of numbers with a header line: one column holds the class, perhaps one the client that owns the row; all
/// others are features.
/// </summary>
public static class CsvSet
{
    const int MaxClasses = 10_000;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file; fields are separated by commas and not quoted.</param>
    /// <param name="label">Name of the column with the class: whole numbers from 0.</param>
    /// <param name="clientColumn">Name of the column that says whose row it is, or null.</param>
    /// <returns>The samples, and each row's client (empty where no column was named).</returns>
    /// <exception cref="InvalidPayloadException">A line breaks a rule; the message has file, line and column.</exception>
    public static (LabeledSet Set, string[] Clients) Load(string path, string label, string? clientColumn = null)
    {
        using var lines = File.ReadLines(path).GetEnumerator();
        string[] header = lines.MoveNext() ? lines.Current.Split(',', StringSplitOptions.TrimEntries) : [];
        int labelIndex = IndexOf(path, header, label), clientIndex = clientColumn is null ? -1 : IndexOf(path, header, clientColumn);
        int[] featureIndices = [.. Enumerable.Range(0, header.Length).Where(index => index != labelIndex && index != clientIndex)];
        var features = new List<float>();
        var labels = new List<int>();
        var clients = new List<string>();
        for (int number = 2; lines.MoveNext(); number++)
        {
            if (string.IsNullOrWhiteSpace(lines.Current))
                continue;
            string[] fields = lines.Current.Split(',', StringSplitOptions.TrimEntries);
            if (fields.Length != header.Length)
                throw new InvalidPayloadException($"File '{path}', line {number}: {header.Length} fields are needed as in the header, but it has {fields.Length}.");
            foreach (int index in featureIndices)
                features.Add(Number(path, number, header[index], fields[index]));
            labels.Add(Class(path, number, header[labelIndex], fields[labelIndex]));
            if (clientIndex >= 0)
                clients.Add(fields[clientIndex]);
        }

        if (labels.Count == 0)
            throw new InvalidPayloadException($"File '{path}' has no line after its header.");
        return (new LabeledSet(Path.GetFileName(path), [.. features], [featureIndices.Length], [.. labels], labels.Max() + 1), [.. clients]);
    }

    static int IndexOf(string path, string[] header, string column)
    {
        int index = Array.IndexOf(header, column);
        return index >= 0 ? index : throw new InvalidPayloadException($"File '{path}' has no column '{column}'; it has {string.Join(", ", header)}.");
    }

    static float Number(string path, int line, string column, string text) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && float.IsFinite(value)
            ? value
            : throw new InvalidPayloadException($"File '{path}', line {line}, column '{column}': '{text}' is not a finite number.");

    static int Class(string path, int line, string column, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value < MaxClasses
            ? value
            : throw new InvalidPayloadException($"File '{path}', line {line}, column '{column}': '{text}' is not a class from 0 to {MaxClasses - 1}.");
}
