using System.Text.Json.Nodes;

namespace Plume.Cli.Tests.Commands.OfUpdates;

public class PlanTests
{
    [Fact]
    public void A_plan_names_the_cheapest_line_within_the_loss_and_a_run_of_it_says_both_figures()
    {
        using var folder = new Folder();
        var plan = Program.Run("plan", "--set", "rounds=3", "--rounds", "2", "--loss", "100", "--json", "--out", folder["plan"],
            "--line", "uniform(2) | pack; pack", "--links", "fixed(down=20, up=5) | work(1s)");
        Assert.True(plan.Code == 0, plan.Error);
        var said = JsonNode.Parse(plan.Output)!;
        var lines = said["lines"]!.AsArray();
        // Floats, the experiment's own, and the one that was asked about come first.
        Assert.Equal(["pack", "feedback | topk(6%) | uniform(4) | rans", "uniform(2) | pack"],
            lines.Take(3).Select(line => (string)line!["uplink"]!));
        Assert.InRange(lines.Count, 9, 12);
        long Bytes(JsonNode line) => (long)line["uplinkBytes"]! + (long)line["downlinkBytes"]!;
        Assert.Equal(lines.Min(line => Bytes(line!)), Bytes(said["chosen"]!));
        // Transfer is what distinguishes lines of declared work.
        Assert.True((double)lines[0]!["linkSecondsPerRound"]! > (double)said["chosen"]!["linkSecondsPerRound"]!);
        Assert.Contains("Accuracy by bytes", File.ReadAllText(folder["plan/plan.html"]), StringComparison.Ordinal);
        Assert.Equal(plan.Output, File.ReadAllText(folder["plan/plan.json"]));

        var run = Program.Run("simulate", folder["plan/experiment.json"], "--json", "--out", folder["run"]);
        Assert.True(run.Code == 0, run.Error);
        var result = JsonNode.Parse(run.Output)!;
        Assert.Equal((string)said["chosen"]!["uplink"]!, (string)result["uplink"]!);
        Assert.Equal((long)said["chosen"]!["uplinkBytes"]!, (long)result["planned"]!["uplinkBytes"]!);
        Assert.InRange((long)result["uplinkBytes"]!, 0.5 * (long)result["planned"]!["uplinkBytes"]!,
            2.0 * (long)result["planned"]!["uplinkBytes"]!);
        Assert.Contains("Planned and measured", File.ReadAllText(folder["run/report.html"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--loss must be points", "--loss", "-1")]
    [InlineData("give one of them", "--loss", "1", "--budget", "1MB")]
    [InlineData("--budget is a number of bytes", "--budget", "much")]
    [InlineData("--rounds must be 1 or more", "--rounds", "0")]
    [InlineData("--line: Codec", "--line", "topk(")]
    [InlineData("under 'secure'", "--line", "uniform(4, shared) | secure")]
    [InlineData("by 'submodels", "--set", "exchange=submodels(1, 1/2)")]
    [InlineData("links", "--links", "quick")]
    public void What_cannot_be_planned_is_refused_before_anything_is_trained(string why, params string[] arguments)
    {
        var refused = InProcess.Run(["plan", .. arguments]);
        Assert.Equal(1, refused.Code);
        Assert.Contains(why, refused.Error, StringComparison.Ordinal);
    }
}
