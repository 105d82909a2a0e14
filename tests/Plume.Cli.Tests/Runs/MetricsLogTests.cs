using Plume.Cli.Runs;

namespace Plume.Cli.Tests.Runs;

public sealed class MetricsLogTests : IDisposable
{
    readonly Folder folder = new();

    string Path => folder["metrics.jsonl"];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_round_is_one_line_with_the_documented_names()
    {
        using (var log = new MetricsLog(Path, 0))
        {
            log.Append(new RoundLine(1, 0.5, 1.25, 10, 20, 0.75, 5, 0.5, ["Much."], []));
            log.Append(new RoundLine(2, null, null, 11, 21, 1, 4, 0.25, [], ["No."]));
        }

        Assert.Equal(
        [
            """{"round":1,"accuracy":0.5,"loss":1.25,"uplinkBytes":10,"downlinkBytes":20,"seconds":0.75,"accepted":5,"norm":0.5,"bounded":["Much."],"refused":[],"clientSeconds":0}""",
            """{"round":2,"accuracy":null,"loss":null,"uplinkBytes":11,"downlinkBytes":21,"seconds":1,"accepted":4,"norm":0.25,"bounded":[],"refused":["No."],"clientSeconds":0}""",
        ], File.ReadAllLines(Path));
    }

    [Fact]
    public void A_line_is_on_the_disk_as_soon_as_it_is_added()
    {
        using var log = new MetricsLog(Path, 0);
        log.Append(new RoundLine(1, 0.5, 1.25, 10, 20, 0.75, 5, 0.5, ["Much."], []));
        using var reader = new StreamReader(new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        Assert.EndsWith("}\n", reader.ReadToEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_after_the_checkpoint_and_a_torn_last_line_are_dropped()
    {
        using (var log = new MetricsLog(Path, 0))
            Array.ForEach([1, 2, 3], round => log.Append(new RoundLine(round, 0.1 * round, 1, round, round, 1, 5, 0.5, [], [])));
        File.AppendAllText(Path, "{\"round\":4,\"acc");
        using (var log = new MetricsLog(Path, 2))
            Assert.Equal([1, 2], log.Rounds.Select(round => round.Round));
        Assert.Equal(2, File.ReadAllLines(Path).Length);
    }

    [Fact]
    public void A_missing_line_is_refused_with_what_to_do()
    {
        File.WriteAllText(Path, "{\"round\":1}\n");
        var refused = Assert.Throws<FormatException>(() => new MetricsLog(Path, 2));
        Assert.Equal($"Line 2 of '{Path}' is not the line of round 2, which the checkpoint has. Start anew in another folder.",
            refused.Message);
    }
}
