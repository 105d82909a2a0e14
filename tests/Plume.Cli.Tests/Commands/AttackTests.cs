using System.Text.Json;

namespace Plume.Cli.Tests.Commands;

public sealed class AttackTests : IDisposable
{
    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Rules_and_attacks_stand_side_by_side()
    {
        var run = Program.Run("attack", "--set", "rounds=4", "--attack", "scale(100)", "--attack", "label-flip", "--rule",
            "mean, no bound", "--rule", "multikrum(20%)", "--rule", "fltrust(public=holdout(100))", "--out", folder["attack.html"], "--json");
        Assert.True(run.Code == 0, run.Error);
        var rows = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(["mean, no bound", "multikrum(20%)", "fltrust(public=holdout(100))"], rows.EnumerateArray()
            .Select(row => row.GetProperty("rule").GetString()));
        Assert.All(rows.EnumerateArray(),
            row => Assert.Equal(["none", "scale(100)", "label-flip"], row.GetProperty("accuracies").EnumerateObject()
                .Select(accuracy => accuracy.Name)));
        Assert.True(Under("scale(100)", rows[0]) < Under("scale(100)", rows[1]));
        Assert.True(Under("scale(100)", rows[0]) < Under("scale(100)", rows[2]));
        string page = File.ReadAllText(folder["attack.html"]);
        Assert.Contains("multikrum(20%)", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("(src|href)=\"?https?:", page);
    }

    [Theory]
    [InlineData("--clients: '60%' must be a share below 50%", "--clients", "60%")]
    [InlineData("--clients must make hostile at least one client", "--clients", "1%")]
    [InlineData("--attack: Attack 'fire', column 1: 'fire' is no attack", "--attack", "fire")]
    [InlineData("--rule: Rule 'bulyan(1)', column 1: 'bulyan' is no rule here", "--rule", "bulyan(1)")]
    [InlineData("--rule: 'krum(4)' needs 11 messages or more", "--rule", "krum(4)")]
    [InlineData("--rule: fltrust: public: 'FILE.npy' has no labels to learn from; name holdout(N)", "--rule", "fltrust(public=FILE.npy)")]
    [InlineData("server.rule: fltrust: public: 'holdout(2000)' must leave samples", "--set", "server.rule=fltrust(public=holdout(2000))")]
    [InlineData("under 'secure' nobody sees one: let it compare the sums of groups, 'groups(5) | centered'",
        "--rule", "fltrust(public=holdout(100))", "--set", "uplink=uniform(6, shared) | secure", "--set", "participants=20")]
    [InlineData("by 'scaffold' messages are more than that", "--set", "training=scaffold", "--set", "uplink=pack")]
    [InlineData("server.rule: Rule 'trimmed', column 1", "--set", "server.rule=trimmed")]
    public void What_cannot_be_is_refused_before_anything_runs(string problem, params string[] options)
    {
        var run = InProcess.Run(["attack", .. options]);
        Assert.NotEqual(0, run.Code);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
    }

    static double Under(string attack, JsonElement row) => row.GetProperty("accuracies").GetProperty(attack).GetDouble();
}
