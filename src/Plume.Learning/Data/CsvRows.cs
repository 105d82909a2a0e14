using Plume.Compression.Wire;
using Plume.Compression.Wording;

namespace Plume.Learning.Data;

/// <summary>
/// The rows of a text of fields between commas. A field may stand in double quotes, with a quote doubled in it, and then hold
/// commas and line breaks; blanks around fields and blank lines do not count. Lines end with LF, CR LF or CR.
/// </summary>
/// <remarks>Source: Y. Shafranovich, RFC 4180, 2005.</remarks>
sealed class CsvRows(TextReader text, string path)
{
    const int LongestRow = 1 << 24;
    const int LongestShown = 60;

    readonly List<Range> fields = [];
    readonly char[] buffer = new char[1 << 14];
    char[] row = new char[1 << 10];
    int length, next, end, line = 1;

    /// <summary>Number of the line on which the row that was read last begins, from 1.</summary>
    public int Line { get; private set; }

    /// <summary>Number of fields in it.</summary>
    public int Count => fields.Count;

    /// <summary>A field of it, valid until the next row is read.</summary>
    public ReadOnlySpan<char> this[int index] => row.AsSpan(fields[index]);

    /// <summary>Reads the next row that is not blank; false at the end.</summary>
    /// <exception cref="InvalidPayloadException">Quotes or the row's length break a rule.</exception>
    public bool Next()
    {
        do
        {
            if (Peek() < 0)
                return false;
            Line = line;
            length = 0;
            fields.Clear();
            while (ReadField())
            {
            }
        }
        while (fields.Count == 1 && this[0].IsEmpty);
        return true;
    }

    /// <summary>A field of this row as a message shows it: in quotes, and cut where it is long.</summary>
    public string Shown(int index) => $"'{Printable.Line(this[index].ToString(), LongestShown)}'";

    /// <summary>An error at a field of this row.</summary>
    public InvalidPayloadException Error(int index, string problem) =>
        new($"File '{path}', line {Line}, column {index + 1}: {problem}.");

    // True when a comma followed, so that there is another field.
    bool ReadField()
    {
        int start = length, taken;
        SkipBlanks();
        if (Peek() == '"')
        {
            ReadQuoted();
            fields.Add(start..length);
            SkipBlanks();
            taken = Take();
            if (taken is not (',' or '\n' or < 0))
                throw Error(fields.Count - 1, $"after its closing quote stands '{(char)taken}', where a comma must");
            return taken == ',';
        }

        while ((taken = Take()) is not (',' or '\n' or < 0))
            Append((char)taken);
        fields.Add(start..(start + row.AsSpan(start, length - start).TrimEnd().Length));
        return taken == ',';
    }

    void ReadQuoted()
    {
        Take();
        while (true)
        {
            int taken = Take();
            if (taken < 0)
                throw Error(fields.Count, "its opening quote has no closing quote");
            if (taken == '"' && Peek() != '"')
                return;
            if (taken == '"')
                Take();
            Append((char)taken);
        }
    }

    void SkipBlanks()
    {
        while (Peek() is var seen && seen != '\n' && seen >= 0 && char.IsWhiteSpace((char)seen))
            Take();
    }

    void Append(char character)
    {
        if (length == LongestRow)
            throw Error(fields.Count, $"the row is longer than {LongestRow} characters, or a closing quote is missing");
        if (length == row.Length)
            Array.Resize(ref row, 2 * length);
        row[length++] = character;
    }

    // An end of line is '\n', however it is written.
    int Peek() => Raw() is var seen && seen == '\r' ? '\n' : seen;

    int Take()
    {
        int seen = Raw();
        if (seen >= 0)
            next++;
        if (seen == '\r' && Raw() == '\n')
            next++;
        if (seen is not ('\r' or '\n'))
            return seen;
        line++;
        return '\n';
    }

    int Raw()
    {
        if (next == end)
            (next, end) = (0, text.Read(buffer));
        return next == end ? -1 : buffer[next];
    }
}
