using Plume.Compression.Wire;
using Plume.Compression.Wording;

namespace Plume.Learning.Data.Tables.Files;

/// <summary>The rows of a table as texts, one after another, from whatever kind of file.</summary>
abstract class TableRows(string path) : IDisposable
{
    const int LongestShown = 60;

    static readonly string[] Absent = ["", "?", "NaN", "nan", "NA", "N/A", "null", "NULL", "None"];

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>The names of the columns.</summary>
    public abstract IReadOnlyList<string> Header { get; }

    /// <summary>Number of cells in the row that was read last; of the header before the first.</summary>
    public abstract int Count { get; }

    /// <summary>A cell of it, without blanks around it; valid until the next row is read.</summary>
    /// <exception cref="InvalidPayloadException">The cell is none.</exception>
    public abstract ReadOnlySpan<char> this[int index] { get; }

    /// <summary>Where the row is: "line 3".</summary>
    protected abstract string Place { get; }

    /// <summary>Opens a table: Parquet and JSON lines by their names' endings, separated text by any other.</summary>
    /// <exception cref="InvalidPayloadException">It has no header, or is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TableRows Open(string path) => System.IO.Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".PARQUET" => new ParquetRows(path),
        ".JSONL" or ".NDJSON" => new JsonRows(path),
        ".GZ" when IsJson(System.IO.Path.GetFileNameWithoutExtension(path)) => new JsonRows(path),
        _ => new CsvRows(path),
    };

    /// <summary>Reads the next row; false at the end.</summary>
    /// <exception cref="InvalidPayloadException">The row breaks a rule.</exception>
    public abstract bool Next();

    /// <summary>Whether a cell says that there is no value: it is empty, or what programs write for that.</summary>
    public bool IsAbsent(int index) => this[index] is var cell && cell.Length < 5 && Absent.Contains(cell.ToString());

    /// <summary>A cell of this row as a message shows it: in quotes, and cut where it is long.</summary>
    public string Shown(int index) => $"'{Printable.Line(this[index].ToString(), LongestShown)}'";

    /// <summary>An error at a cell of this row.</summary>
    public InvalidPayloadException Error(int index, string problem, Exception? cause = null) =>
        new($"File '{path}', {Place}, column {index + 1}: {problem}.", cause!);

    /// <inheritdoc/>
    public abstract void Dispose();

    static bool IsJson(string name) => System.IO.Path.GetExtension(name).ToUpperInvariant() is ".JSONL" or ".NDJSON";
}
