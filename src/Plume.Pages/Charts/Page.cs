namespace Plume.Pages.Charts;

/// <summary>
/// What every page has around its content: one file that loads nothing, for light and dark screens and for paper.
/// </summary>
static class Page
{
    static readonly string Style = ReadStyle();

    /// <summary>The whole page.</summary>
    /// <param name="title">Stands at the top and in the browser's title.</param>
    /// <param name="subtitle">One line under it.</param>
    /// <param name="body">The content, as HTML.</param>
    /// <param name="footer">A last line, as text.</param>
    public static string Render(string title, string subtitle, string body, string footer) =>
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
        + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        + $"<title>{Html.Text(title)} - Plume</title>\n<style>\n{Style}</style>\n</head>\n<body>\n"
        + $"<header><h1>{Html.Text(title)}</h1><p>{Html.Text(subtitle)}</p></header>\n"
        + body
        + $"<footer>{Html.Text(footer)}</footer>\n</body>\n</html>\n";

    /// <summary>The few numbers that matter most, large.</summary>
    public static string Facts(IEnumerable<(string Name, string Value, string Note)> facts) =>
        $"<dl class=\"facts\">{string.Concat(facts.Select(fact => $"<div><dt>{Html.Text(fact.Name)}</dt><dd>{Html.Text(fact.Value)}<small>{Html.Text(fact.Note)}</small></dd></div>"))}</dl>\n";

    static string ReadStyle()
    {
        using var reader = new StreamReader(typeof(Page).Assembly.GetManifestResourceStream("report.css")!);
        return reader.ReadToEnd();
    }
}
