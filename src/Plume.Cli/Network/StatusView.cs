using System.Globalization;
using Plume.Compression.Wording;
using Plume.Pages.Charts;
using Plume.Protocol.V1;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Plume.Cli.Network;

/// <summary>A federation's status for people: a sentence, and the last rounds as a table.</summary>
static class StatusView
{
    const int RoundsShown = 12, ClientsShown = 8;

    /// <summary>Shows a status.</summary>
    /// <param name="status">What the server said last.</param>
    /// <param name="trouble">Why it says nothing at the moment; null where it does.</param>
    public static IRenderable Render(FederationStatus status, string? trouble = null)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (string column in new[] { "round", status.Metric.Length > 0 ? status.Metric : "accuracy", "loss", "updates", "refused", "up", "down", "seconds" })
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        foreach (var round in status.History.TakeLast(RoundsShown))
        {
            table.AddRow(Number(round.Round), round.HasAccuracy ? Quantity.Percent(round.Accuracy) : "", round.HasLoss
                ? round.Loss.ToString("0.0000", CultureInfo.InvariantCulture) : "",
                Number(round.Accepted), Number((uint)round.Refused.Count), Bytes(round.UplinkBytes), Bytes(round.DownlinkBytes),
                round.Seconds.ToString("0.0", CultureInfo.InvariantCulture));
        }

        IEnumerable<string> words = trouble is null ? status.Warnings : [.. status.Warnings, trouble];
        string[] promise = [.. new[] { AtWork(status), status.Privacy, status.Budget }.Where(sentence => sentence.Length > 0)];
        return new Rows([new Text(Printable.Line(Sentence(status))), table, .. promise.Concat(words)
            .Select(word => new Text(Printable.Line(word, int.MaxValue)))]);
    }

    static string Sentence(FederationStatus status)
    {
        string what = status.Phase switch
        {
            "Waiting" when status.Paused => $"paused before round {status.Round}",
            "Waiting" => $"waits for clients before round {status.Round}{(status.Needed > 0 ? $", which needs {status.Needed}" : "")}",
            "Collecting" => $"round {status.Round}{(status.Attempt > 1 ? $" (attempt {status.Attempt})" : "")} has "
                + $"{status.Added} of {status.Asked} updates, "
                + (status.Rhythm.Length > 0 ? $"{status.AtWork.Count} at work{(status.Paused ? ", and asks nobody" : "")}"
                    : $"{TimeSpan.FromMilliseconds(status.LeftMs):hh\\:mm\\:ss} left{(status.Paused ? ", then paused" : "")}"),
            "Applying" => $"makes version {status.Round}",
            "Finished" when status.Message.Length == 0 => "finished",
            var other => status.Message.Length == 0 ? other.ToLowerInvariant()
                : $"{other.ToLowerInvariant()}: {status.Message.TrimEnd('.')}",
        };
        string trouble = status.Message.Length > 0 && status.Phase is "Waiting" or "Collecting" or "Applying"
            ? $" {status.Message}" : "";
        return $"{status.Federation}: {what}.{trouble} "
            + $"{(status.Members == 1 ? "1 client is" : $"{status.Members} clients are")} there; version {status.ModelVersion} "
            + $"of {status.Rounds}; {Quantity.Bytes((long)status.UplinkBytes)} up, "
            + $"{Quantity.Bytes((long)status.DownlinkBytes)} down.";
    }

    // Where rounds are buffered.
    static string AtWork(FederationStatus status)
    {
        if (status.AtWork.Count == 0)
            return "";
        var versions = status.AtWork.GroupBy(client => client.Version).OrderBy(group => group.Key).Select(group =>
            $"version {group.Key}: {string.Join(", ", group.Select(client => client.Name).Take(ClientsShown))}"
                + (group.Count() > ClientsShown ? $" and {group.Count() - ClientsShown} more" : ""));
        return $"At work on {string.Join("; on ", versions)}.";
    }

    // So short that the table has room in 80 columns.
    static string Bytes(ulong bytes) => bytes < 1000 ? $"{bytes} B" : Quantity.Bytes((long)bytes);

    static string Number(uint value) => value.ToString(CultureInfo.InvariantCulture);
}
