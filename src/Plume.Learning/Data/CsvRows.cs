using Plume.Compression.Container;

namespace Plume.Learning.Data;

/// <summary>
/// The rows of a text of fields between commas. A field may stand in double quotes, with a quote doubled in it; blanks
/// around fields and blank lines do not count.
/// </summary>
/// <remarks>Source: Y. Shafranovich, RFC 4180, 2005. Differs from it: a field does not go over the end of its line.</remarks>
sealed class CsvRows(TextReader text, string path)
{
    const int LongestLine = 1 << 24;

    readonly List<Range> fields = [];
    readonly char[] buffer = new char[1 << 14];
    char[] line = new char[1 << 10];
    int length, next, end;

    /// <summary>Number of the line that was read last, from 1.</summary>
    public int Line { get; private set; }

    /// <summary>Number of fields in it.</summary>
    public int Count => fields.Count;

    /// <summary>A field of it, valid until the next row is read.</summary>
    public ReadOnlySpan<char> this[int index] => line.AsSpan(fields[index]);

    /// <summary>Reads the next row that is not blank; false at the end.</summary>
    /// <exception cref="InvalidPayloadException">Quotes or the line's length break a rule.</exception>
    public bool Next()
    {
        do
        {
            if (Peek() < 0)
                return false;
            Line++;
            length = 0;
            fields.Clear();
            while (ReadField())
            {
            }
        }
        while (fields.Count == 1 && this[0].IsEmpty);
        return true;
    }

    /// <summary>An error at a field of this row.</summary>
    public InvalidPayloadException Error(int index, string problem) => new($"File '{path}', line {Line}, column {index + 1}: {problem}.");

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
        fields.Add(start..(start + line.AsSpan(start, length - start).TrimEnd().Length));
        return taken == ',';
    }

    void ReadQuoted()
    {
        Take();
        while (true)
        {
            int taken = Take();
            if (taken is '\n' or < 0)
                throw Error(fields.Count, "its opening quote has no closing quote on the line");
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
        if (length == LongestLine)
            throw Error(fields.Count, $"the line is longer than {LongestLine} characters");
        if (length == line.Length)
            Array.Resize(ref line, 2 * length);
        line[length++] = character;
    }

    int Peek()
    {
        if (next == end)
            (next, end) = (0, text.Read(buffer));
        return next == end ? -1 : buffer[next];
    }

    int Take()
    {
        int seen = Peek();
        if (seen >= 0)
            next++;
        return seen;
    }
}
