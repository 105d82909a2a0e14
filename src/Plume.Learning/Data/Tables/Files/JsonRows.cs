using System.Text;
using System.Text.Json;
using Plume.Compression.Wire;
using Plume.Compression.Wording;

namespace Plume.Learning.Data.Tables.Files;

/// <summary>
/// The rows of a file with one JSON object a line. The first object's keys are the columns; one that a later object lacks, or
/// that is null, is an empty cell, and one that only a later object has is refused. What is no text, number or truth is refused
/// where it is asked for.
/// </summary>
sealed class JsonRows : TableRows
{
    const int LongestRow = 1 << 24;

    readonly StreamReader text;
    readonly Dictionary<string, int> places = new(StringComparer.Ordinal);
    readonly List<string> header = [];
    string?[] cells = [];
    JsonValueKind[] nested = [];
    bool isRead = true;
    int line;

    /// <summary>Opens a file, gzipped or not.</summary>
    /// <exception cref="InvalidPayloadException">Its first line is no object.</exception>
    public JsonRows(string path) : base(path)
    {
        text = new StreamReader(new PackedFile(path));
        try
        {
            if (!Advance())
                throw new InvalidPayloadException($"File '{path}' is empty; its first line must be an object with the columns.");
        }
        catch
        {
            text.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Header => header;

    /// <inheritdoc/>
    public override int Count => header.Count;

    /// <inheritdoc/>
    public override ReadOnlySpan<char> this[int index] => nested[index] == JsonValueKind.Undefined
        ? cells[index].AsSpan().Trim()
        : throw Error(index, $"'{Printable.Name(header[index])}' is an {(nested[index] == JsonValueKind.Array ? "array" : "object")}"
            + $", where a number, a text or a truth must be; leave the column out, or write a column for each of its parts");

    /// <inheritdoc/>
    protected override string Place => $"line {line}";

    /// <inheritdoc/>
    public override bool Next()
    {
        // The first object was read for its keys.
        if (!isRead)
            return Advance();
        isRead = false;
        return true;
    }

    /// <inheritdoc/>
    public override void Dispose() => text.Dispose();

    bool Advance()
    {
        string? row;
        do
        {
            row = ReadLine();
            line++;
        }
        while (row is not null && string.IsNullOrWhiteSpace(row));
        if (row is null)
            return false;
        try
        {
            using var json = JsonDocument.Parse(row, new JsonDocumentOptions { MaxDepth = 16 });
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                throw Error(0, "here must stand an object with the columns");
            Take(json.RootElement);
            return true;
        }
        catch (JsonException damage)
        {
            throw new InvalidPayloadException($"File '{Path}', line {line}, character {damage.BytePositionInLine + 1} is not valid "
                + $"JSON: {damage.Message}", damage);
        }
        catch (InvalidOperationException damage)
        {
            throw Error(0, "a text of it is not valid UTF-16", damage);
        }
    }

    void Take(JsonElement row)
    {
        if (header.Count == 0)
        {
            foreach (var cell in row.EnumerateObject())
            {
                places.TryAdd(cell.Name, header.Count);
                header.Add(cell.Name);
            }

            if (header.Count == 0)
                throw Error(0, "the first object must have keys, which name the columns");
            (cells, nested) = (new string?[header.Count], new JsonValueKind[header.Count]);
        }

        Array.Clear(cells);
        Array.Clear(nested);
        var seen = new bool[header.Count];
        foreach (var cell in row.EnumerateObject())
        {
            if (!places.TryGetValue(cell.Name, out int place))
                throw Error(header.Count, $"the key '{Printable.Name(cell.Name)}' is none of the first line's: {Listing.Of(header)}");
            if (seen[place])
                throw Error(place, $"the key '{Printable.Name(cell.Name)}' stands here a second time");
            seen[place] = true;
            if (cell.Value.ValueKind is JsonValueKind.Array or JsonValueKind.Object)
                nested[place] = cell.Value.ValueKind;
            else
                cells[place] = cell.Value.ValueKind switch
                {
                    JsonValueKind.Null => null,
                    JsonValueKind.String => cell.Value.GetString(),
                    _ => cell.Value.GetRawText(),
                };
        }
    }

    // As StreamReader's, but a line without end is not held.
    string? ReadLine()
    {
        var row = new StringBuilder();
        int taken;
        while ((taken = text.Read()) is >= 0 and not '\n')
        {
            if (row.Length == LongestRow)
                throw Error(0, $"the line is longer than {LongestRow} characters");
            row.Append((char)taken);
        }

        return taken < 0 && row.Length == 0 ? null : row.ToString();
    }
}
