using System.Text;
using System.Text.RegularExpressions;
using Plume.Cli.Report;

namespace Plume.Cli.Exports;

/// <summary>The charts of a report, each as a file that stands by itself.</summary>
static partial class ChartFiles
{
    /// <summary>Name and bytes of each chart, as SVG with its colours in it, light or dark as the reader's screen is.</summary>
    public static IEnumerable<(string Name, byte[] Bytes)> Svg(StoredRun run)
    {
        string page = ReportPage.Render(run.Report);
        string style = Style().Match(page).Groups[1].Value;
        foreach (Match chart in Element().Matches(page))
        {
            yield return ($"{NameOf(chart.Groups[1].Value)}.svg", Encoding.UTF8.GetBytes("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
                + $"width=\"960\" {chart.Value["<svg ".Length..chart.Value.IndexOf('>', StringComparison.Ordinal)]}><style><![CDATA[\n{style}\nsvg {{ background: var(--page); }}\n]]></style>"
                + $"{chart.Value[(chart.Value.IndexOf('>', StringComparison.Ordinal) + 1)..]}\n"));
        }
    }

    /// <summary>The same as PNG, on white.</summary>
    public static IEnumerable<(string Name, byte[] Bytes)> Png(StoredRun run) => ReportPage.Charts(run.Report)
        .Select(chart => ($"{NameOf(chart.Title)}.png", ChartPicture.Png(chart)));

    static string NameOf(string title) => NoLetters().Replace(title.ToLowerInvariant(), "-").Trim('-');

    [GeneratedRegex("<style>(.*?)</style>", RegexOptions.Singleline)]
    private static partial Regex Style();

    [GeneratedRegex("<svg viewBox=[^>]*aria-label=\"([^\"]*)\">.*?</svg>", RegexOptions.Singleline)]
    private static partial Regex Element();

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NoLetters();
}
