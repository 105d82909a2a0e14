using Plume.Pages.Charts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Plume.Cli.Progress;

/// <summary>A table that grows by the round, with a bar and the time left, for terminals.</summary>
sealed class LiveView(IAnsiConsole console) : IProgressView
{
    const int ShownRounds = 12;
    const int BarWidth = 32;

    public void Follow(RunOutline outline, Action<Action<RoundDone>> run)
    {
        var done = new List<RoundDone>();
        console.MarkupLine($"[bold]{Markup.Escape(outline.Name)}[/]  [grey]{Markup.Escape(outline.Subtitle)}[/]");
        console.Live(Picture(outline, done)).Start(live =>
        {
            live.Refresh();
            run(round =>
            {
                done.Add(round);
                live.UpdateTarget(Picture(outline, done));
                live.Refresh();
            });
        });
    }

    static Rows Picture(RunOutline outline, List<RoundDone> done)
    {
        var table = new Table { Border = TableBorder.Simple, ShowRowSeparators = false };
        foreach (string head in Heads(outline))
            table.AddColumn(new TableColumn($"[grey]{head}[/]").RightAligned());
        foreach (var round in done.TakeLast(ShownRounds))
            table.AddRow([.. Cells(round, outline.HasBaseline).Select(text => (IRenderable)new Markup(text))]);
        return new Rows(table, new Markup(Bar(outline.Rounds, done)));
    }

    static string[] Heads(RunOutline outline) => outline.HasBaseline
        ? ["round", outline.Measure, "fp32", "up", "fp32", "down", "fp32", "time"]
        : ["round", outline.Measure, "up", "down", "time"];

    static IEnumerable<string> Cells(RoundDone done, bool baseline)
    {
        var (run, plain) = (done.Compressed, done.Baseline);
        yield return $"{run.Round}";
        yield return $"[bold]{Quantity.Percent(run.Accuracy)}[/]";
        if (baseline)
            yield return $"[grey]{Quantity.Percent(plain?.Accuracy)}[/]";
        yield return $"[teal]{Quantity.Bytes(run.UplinkBytes)}[/]";
        if (baseline)
            yield return $"[grey]{Quantity.Bytes(plain?.UplinkBytes ?? 0)}[/]";
        yield return $"[teal]{Quantity.Bytes(run.DownlinkBytes)}[/]";
        if (baseline)
            yield return $"[grey]{Quantity.Bytes(plain?.DownlinkBytes ?? 0)}[/]";
        yield return $"[grey]{Quantity.Seconds(run.Seconds + (plain?.Seconds ?? 0))}[/]";
    }

    static string Bar(int rounds, List<RoundDone> done)
    {
        int reached = done.Count == 0 ? 0 : done[^1].Compressed.Round;
        int filled = (int)((long)reached * BarWidth / rounds);
        string left = done.Count == 0 ? "training" : reached == rounds ? "done"
            : $"{Quantity.Seconds(done[^1].SecondsLeft)} left";
        return $"  [teal]{new string('━', filled)}[/][grey]{new string('━', BarWidth - filled)}[/]  {reached} of {rounds}  "
            + $"[grey]{left}[/]";
    }
}
