using System.Globalization;
using System.Text;
using Plume.Cli.Report;
using Plume.Learning.Leaks;
using Plume.Pages.Charts;

namespace Plume.Cli.Leaks;

/// <summary>The page of a leak check: the table, and samples beside what each reader has of them.</summary>
static class LeakPage
{
    const int MostPictures = 8;

    /// <summary>The whole page.</summary>
    public static string Render(string name, string subtitle, LeakAttacks attacks, IReadOnlyList<LeakRow> rows) =>
        Page.Render($"What can be read of {name}", subtitle,
            Table(rows) + Pictures(attacks, rows),
            "Updates are attacked one by one, as the server decodes them. A stronger attack, or one that puts rounds together, "
                + "may recover more: the figures are a lower bound of what is given away, and no promise.");

    static string Table(IReadOnlyList<LeakRow> rows) => Html.Section("What each reader recovers",
        Html.Table([.. LeakTable.Heads(rows).Select(head => head.TrimStart('>'))],
            [.. rows.Select(row => (Cell[])[.. LeakTable.Cells(row).Select((cell, column) => CellOf(row, cell, column))])]),
        "AUC: the chance that a sample of the client scores higher than one of the same class that nobody has; 0.5 tells "
            + "nothing, and the bar begins there. Found at 1 %: the share of a client's samples that are told where one in a "
            + "hundred others is taken for one." + (rows[0].Reconstruction is null ? ""
            : " Samples read: the share that was read off with an error below a tenth of what the average sample has. Best "
                + "error: of each update's best sample, where the average sample has 1. Of others': the same for samples that "
                + "nobody has, which is what looking for the nearest brings by itself."));

    static Cell CellOf(LeakRow row, string text, int column) => column switch
    {
        0 or 1 => text,
        3 => new Cell(text, IsNumber: true, Math.Clamp(2 * row.Membership.Area - 1, 0, 1)),
        5 => new Cell(text, IsNumber: true, row.Reconstruction?.Recovered),
        _ => Cell.Number(text),
    };

    // Those that the reader of the first row has the nearest, of as many updates as possible.
    static IReadOnlyList<SampleAt> Shown(LeakRow row) =>
        [.. row.Samples.GroupBy(sample => (sample.Key.Round, sample.Key.Client))
            .SelectMany(own => own.OrderBy(sample => sample.Value.Match.Error).ThenBy(sample => sample.Key.Sample).Index())
            .OrderBy(sample => sample.Index).ThenBy(sample => sample.Item.Value.Match.Error)
            .Select(sample => sample.Item.Key).DistinctBy(place => place.Sample).Take(MostPictures)];

    static string Pictures(LeakAttacks attacks, IReadOnlyList<LeakRow> rows)
    {
        if (rows[0].Samples.Count == 0 || !PixelPicture.Fits(attacks.SampleShape))
            return "";
        var shown = Shown(rows[0]);
        var html = new StringBuilder("<div class=\"scroll\"><table class=\"samples\"><tbody>");
        Append("a client's sample", "", shown.Select(place =>
            Picture(attacks, attacks.Original(place.Sample), $"client {place.Client}, round {place.Round}")));
        foreach (var row in rows)
            Append(row.UplinkName, row.ReaderName, shown.Select(place => Picture(attacks, row.Samples.GetValueOrDefault(place))));
        return Html.Section("Samples beside what was read", html.Append("</tbody></table></div>").ToString(),
            "The samples that the first reader has the nearest, and what each reader has that comes nearest to them, with its "
                + "error.");

        void Append(string title, string note, IEnumerable<string> pictures) => html.Append(
            $"<tr><td>{Html.Text(title)}<br/><small>{Html.Text(note)}</small></td>{string.Concat(pictures)}</tr>");
    }

    static string Picture(LeakAttacks attacks, Recovered read) => read.Values is { } values
        ? Picture(attacks, values, Error(read.Match)) : "<td>nothing</td>";

    static string Error(Nearest match) => match.Error < 0.0005 ? "exact"
        : match.Error.ToString(match.Error < 10 ? "0.000" : "0", CultureInfo.InvariantCulture);

    static string Picture(LeakAttacks attacks, float[] values, string note)
    {
        string bytes = Convert.ToBase64String(PixelPicture.Png(values, attacks.SampleShape, attacks.Range));
        return $"<td><img alt=\"\" src=\"data:image/png;base64,{bytes}\"/><small>{Html.Text(note)}</small></td>";
    }
}
