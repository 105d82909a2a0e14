using System.Text.Json.Nodes;

namespace Plume.Cli.Tests.Commands.OfUpdates;

public class ShadowTests
{
    static readonly string[] Experiment = ["simulate", "--set", "rounds=2", "--no-baseline"];

    [Fact]
    public void Other_lines_are_told_by_round_at_the_end_and_in_the_report_and_the_run_is_the_same()
    {
        using var folder = new Folder();
        Assert.Equal(0, Program.Run([.. Experiment, "--out", folder["plain"]]).Code);
        var run = Program.Run([.. Experiment, "--out", folder["run"], "--json", "--shadow", "feedback | topk(1%) | uniform(4) | rans",
            "--shadow", "pack; pack"]);
        Assert.Equal(0, run.Code);
        Assert.Equal(File.ReadAllBytes(folder["plain/model.onnx"]), File.ReadAllBytes(folder["run/model.onnx"]));
        var shadows = JsonNode.Parse(run.Output)!["shadows"]!.AsArray();
        Assert.Equal(["feedback | topk(1%) | uniform(4) | rans", "pack"], shadows.Select(shadow => (string)shadow!["uplink"]!));
        var rounds = File.ReadLines(folder["run/metrics.jsonl"]).Select(line => JsonNode.Parse(line)!["shadows"]![0]!).ToList();
        Assert.Equal((long)shadows[0]!["uplinkBytes"]!, rounds.Sum(round => (long)round["uplinkBytes"]!));
        Assert.Equal((double)shadows[0]!["distance"]!, (double)rounds[^1]["distance"]!);
        Assert.InRange((double)shadows[1]!["accuracy"]!, 0.2, 1);
        Assert.Contains("The same updates by other lines", File.ReadAllText(folder["run/report.html"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("topk(1%", "--shadow: Codec")]
    [InlineData("pack; pack; pack", "has 3")]
    [InlineData("pack; feedback | uniform(4) | pack", "does not fit")]
    [InlineData("uniform(4, shared) | secure", "under 'secure'")]
    public void A_line_that_cannot_be_followed_is_refused_before_a_folder_is_made(string line, string why)
    {
        using var folder = new Folder();
        var refused = Program.Run([.. Experiment, "--out", folder["run"], "--shadow", line]);
        Assert.Equal(1, refused.Code);
        Assert.Contains(why, refused.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["run"]));
    }
}
