using Plume.Compression.Wording;
using Plume.Pages.Charts;

namespace Plume.Cli.Progress;

/// <summary>One plain line a round, for logs and pipes.</summary>
sealed class LineView(TextWriter output) : IProgressView
{
    public void Follow(RunOutline outline, Action<Action<RoundDone>> run)
    {
        output.WriteLine($"{outline.Name}: {outline.Subtitle}");
        int width = $"{outline.Rounds}".Length;
        run(done =>
        {
            output.WriteLine(Line(done, outline, width));
            foreach (var shadow in done.Compressed.Shadows ?? [])
                output.WriteLine($"  by {Printable.Line(shadow.Uplink)}; {Printable.Line(shadow.Downlink)}: up "
                    + $"{Quantity.Bytes(shadow.UplinkBytes)}  down {Quantity.Bytes(shadow.DownlinkBytes)}  "
                    + $"{shadow.Distance * 100:0.0} % apart");
        });
    }

    static string Line(RoundDone done, RunOutline outline, int width)
    {
        var (run, plain) = (done.Compressed, done.Baseline);
        return $"round {run.Round.ToString().PadLeft(width)}/{outline.Rounds}  "
            + $"{outline.Measure} {Quantity.Percent(run.Accuracy),8}{Beside(plain is null ? null : Quantity.Percent(plain.Accuracy))}  "
            + $"up {Quantity.Bytes(run.UplinkBytes)}{Beside(plain is null ? null : Quantity.Bytes(plain.UplinkBytes))}  "
            + $"down {Quantity.Bytes(run.DownlinkBytes)}{Beside(plain is null ? null : Quantity.Bytes(plain.DownlinkBytes))}  "
            + (run.Budget is { } gave ? $"steps {gave.UplinkFactor:0.##}, {gave.DownlinkFactor:0.##} times  " : "")
            + $"{Quantity.Seconds(run.Seconds)}  left {Quantity.Seconds(done.SecondsLeft)}";
    }

    static string Beside(string? plain) => plain is null ? "" : $" (fp32 {plain})";
}
