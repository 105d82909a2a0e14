using System.Text;
using Plume.Compression.Wording;

namespace Plume.Cli.Terminal;

/// <summary>
/// A table of plain text: columns as wide as their widest cell, numbers to the right. Cells are made printable.
/// </summary>
static class TextTable
{
    /// <summary>The table, one line a row, each ending with a line break.</summary>
    /// <param name="heads">The columns' names; one that begins with '&gt;' stands right, without the sign.</param>
    /// <param name="rows">As many cells a row as there are columns.</param>
    public static string Print(IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<string>> rows)
    {
        bool[] right = [.. heads.Select(head => head.StartsWith('>'))];
        List<IReadOnlyList<string>> lines =
            [[.. heads.Select(head => head.TrimStart('>'))],
                .. rows.Select(row => (IReadOnlyList<string>)[.. row.Select(Printable.Name)])];
        int[] widths = [.. heads.Select((_, column) => lines.Max(line => line[column].Length))];
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            var cells = line.Select((cell, column) => right[column] ? cell.PadLeft(widths[column])
                : cell.PadRight(widths[column]));
            text.Append(string.Join("  ", cells).TrimEnd()).Append('\n');
        }

        return text.ToString();
    }
}
