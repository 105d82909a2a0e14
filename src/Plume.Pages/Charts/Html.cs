using System.Net;
using System.Text;
using Plume.Compression.Wording;

namespace Plume.Pages.Charts;

/// <summary>A cell of a table: a text, or a number that stands right.</summary>
/// <param name="Text">What is shown.</param>
/// <param name="IsNumber">Whether it stands right, with digits of equal width.</param>
/// <param name="Share">Length of a bar beside the number, 0 to 1; null for none.</param>
readonly record struct Cell(string Text, bool IsNumber = false, double? Share = null)
{
    public static implicit operator Cell(string text) => new(text);

    public static Cell Number(string text) => new(text, true);
}

/// <summary>Pieces of a page.</summary>
static class Html
{
    /// <summary>The text, made printable, with everything that HTML would read as markup escaped.</summary>
    public static string Text(string text) => WebUtility.HtmlEncode(Printable.Line(text));

    /// <summary>A titled part of the page.</summary>
    public static string Section(string title, string body, string note = "") =>
        $"<section><h2>{Text(title)}</h2>{(note.Length == 0 ? "" : $"<p class=\"note\">{Text(note)}</p>")}{body}</section>\n";

    /// <summary>A table; a column stands right when its first row's cell is a number.</summary>
    public static string Table(IReadOnlyList<string> heads, IReadOnlyList<IReadOnlyList<Cell>> rows)
    {
        var html = new StringBuilder("<div class=\"scroll\"><table><thead><tr>");
        for (int column = 0; column < heads.Count; column++)
            html.Append($"<th{(rows.Count > 0 && rows[0][column].IsNumber ? " class=\"number\"" : "")}>{Text(heads[column])}</th>");
        html.Append("</tr></thead><tbody>");
        foreach (var row in rows)
            html.Append($"<tr>{string.Concat(row.Select(Render))}</tr>");
        return html.Append("</tbody></table></div>").ToString();
    }

    static string Render(Cell cell)
    {
        string bar = cell.Share is { } share
            ? $"<span class=\"bar\" style=\"width:calc({Math.Clamp(share, 0, 1):0.###} * (100% - 2.4rem))\"></span>" : "";
        return $"<td{(cell.IsNumber ? " class=\"number\"" : "")}>{bar}{Text(cell.Text)}</td>";
    }
}
