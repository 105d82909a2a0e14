using nietras.SeparatedValues;
using Plume.Compression.Wire;

namespace Plume.Learning.Data.Tables.Files;

/// <summary>
/// The rows of a text whose cells stand between commas, semicolons, tabs or bars: whichever the header has most of. A cell may
/// stand in double quotes, with a quote doubled in it, and then hold separators and line breaks; blanks around cells and blank
/// lines do not count. Lines end with LF, CR LF or CR.
/// </summary>
/// <remarks>
/// Source: Y. Shafranovich, RFC 4180, 2005. Rows are cut by Sep, which takes a quote anywhere for one that opens or closes;
/// here a cell with quotes anywhere else than around it is refused, since it may have swallowed its neighbours.
/// </remarks>
sealed class CsvRows : TableRows
{
    const int LongestRow = 1 << 24;
    const int LongestHeader = 1 << 20;

    static readonly char[] Separators = [',', ';', '\t', '|'];

    readonly SepReader reader;
    readonly string[] header;
    int line = 1;

    /// <summary>Opens a file, gzipped or not.</summary>
    /// <exception cref="InvalidPayloadException">It is empty, or its header breaks a rule.</exception>
    public CsvRows(string path) : base(path)
    {
        char separator = SeparatorOf(path);
        Separator = separator;
        var text = new StreamReader(new PackedFile(path));
        try
        {
            reader = new Sep(separator).Reader(options => options with
            {
                HasHeader = false,
                DisableColCountCheck = true,
            }).From(text);
        }
        catch (Exception refusal) when (refusal is NotSupportedException or InvalidPayloadException)
        {
            text.Dispose();
            throw refusal is NotSupportedException ? TooLong(refusal) : refusal;
        }

        try
        {
            if (!Next())
                throw new InvalidPayloadException($"File '{path}' is empty; its first line must name the columns.");
            header = [.. Enumerable.Range(0, Count).Select(index => this[index].ToString())];
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>What stands between cells.</summary>
    public char Separator { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Header => header;

    /// <inheritdoc/>
    public override int Count => reader.Current.ColCount;

    /// <inheritdoc/>
    public override ReadOnlySpan<char> this[int index]
    {
        get
        {
            var cell = reader.Current[index].Span.Trim();
            return cell.Contains('"') ? Unquoted(cell, index) : cell;
        }
    }

    /// <inheritdoc/>
    protected override string Place => $"line {line}";

    /// <inheritdoc/>
    public override bool Next()
    {
        try
        {
            do
            {
                // Sep counts the line of the first row as the one that follows it.
                int next = header is null ? 1 : reader.Current.LineNumberToExcl;
                if (!reader.MoveNext())
                    return false;
                line = next;
            }
            while (reader.Current is { ColCount: 1 } only && only[0].Span.Trim().IsEmpty);
            return true;
        }
        catch (NotSupportedException tooLong)
        {
            if (header is not null)
                line = reader.Current.LineNumberToExcl;
            throw TooLong(tooLong);
        }
    }

    InvalidPayloadException TooLong(Exception refusal) =>
        Error(0, $"the row is longer than {LongestRow} characters, or a closing quote is missing", refusal);

    /// <inheritdoc/>
    public override void Dispose() => reader.Dispose();

    ReadOnlySpan<char> Unquoted(ReadOnlySpan<char> cell, int index)
    {
        if (cell[0] != '"')
            throw Error(index, "a cell with a quote must stand in quotes, with the quote doubled");
        bool isDoubled = false;
        for (int i = 1; i < cell.Length; i++)
        {
            if (cell[i] != '"')
                continue;
            if (i + 1 == cell.Length)
                return isDoubled ? cell[1..i].ToString().Replace("\"\"", "\"", StringComparison.Ordinal) : cell[1..i];
            if (cell[i + 1] != '"')
                throw Error(index, $"after its closing quote stands '{cell[(i + 1)..].TrimStart()[0]}', where a separator must");
            isDoubled = true;
            i++;
        }

        throw Error(index, "its opening quote has no closing quote");
    }

    // That which the first line has most of outside quotes; a comma where it has none.
    static char SeparatorOf(string path)
    {
        using var text = new StreamReader(new PackedFile(path));
        int[] counts = new int[Separators.Length];
        bool isQuoted = false, hasText = false;
        for (int read = 0; read < LongestHeader && text.Read() is var taken and >= 0; read++)
        {
            isQuoted ^= taken == '"';
            if (taken is '\n' or '\r' && !isQuoted && hasText)
                break;
            hasText |= taken is not ('\n' or '\r' or ' ');
            if (!isQuoted && Array.IndexOf(Separators, (char)taken) is >= 0 and var place)
                counts[place]++;
        }

        return Separators[Array.IndexOf(counts, counts.Max())];
    }
}
