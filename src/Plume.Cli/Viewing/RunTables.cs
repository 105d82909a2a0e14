using System.Globalization;
using System.Text.RegularExpressions;
using Plume.Pages.Boards;

namespace Plume.Cli.Viewing;

/// <summary>The tables that a finished run leaves: its clients, and where its bits went. Columns are known by their
/// names.</summary>
static partial class RunTables
{
    /// <summary>clients.csv; nothing where it is not there or is something else.</summary>
    public static IReadOnlyList<BoardClient> Clients(string path) =>
        [.. Rows(path, "client").Select(row => new BoardClient((int)(Whole(row, "client") ?? 0), $"client {row["client"]}")
        {
            Samples = Whole(row, "samples"),
            Counted = (int?)Whole(row, "rounds"),
            UplinkBytes = Whole(row, "uplinkBytes"),
            DownlinkBytes = Whole(row, "downlinkBytes"),
            Accuracy = Number(row, "accuracy"),
        })];

    /// <summary>tensors.csv; nothing where it is not there or is something else.</summary>
    public static IReadOnlyList<BoardTensor> Tensors(string path) =>
        [.. Rows(path, "tensor").Select(row => new BoardTensor(row["tensor"], row.GetValueOrDefault("shape", ""),
            Whole(row, "values") ?? 0, Number(row, "uplinkBits") ?? 0, Number(row, "downlinkBits") ?? 0))];

    static IEnumerable<Dictionary<string, string>> Rows(string path, string first)
    {
        if (!File.Exists(path))
            return [];
        string[] lines = File.ReadAllLines(path);
        string[] heads = lines.Length == 0 ? [] : lines[0].Split(',');
        return heads.FirstOrDefault() != first ? [] : lines.Skip(1).Select(Cells)
            .Where(cells => cells.Length == heads.Length)
            .Select(cells => heads.Zip(cells).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal));
    }

    // A cell in quotes may have commas in it.
    static string[] Cells(string line) => [.. Cell().Matches(line).Select(cell => cell.Groups[1].Success
        ? cell.Groups[1].Value.Replace("\"\"", "\"", StringComparison.Ordinal) : cell.Groups[2].Value)];

    [GeneratedRegex("(?:^|,)(?:\"((?:[^\"]|\"\")*)\"|([^,]*))")]
    private static partial Regex Cell();

    static long? Whole(Dictionary<string, string> row, string column) => (long?)Number(row, column);

    static double? Number(Dictionary<string, string> row, string column) => row.TryGetValue(column, out string? text)
        && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : null;
}
