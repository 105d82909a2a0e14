using Plume.Cli.Network;
using Plume.Protocol.V1;
using Spectre.Console;

namespace Plume.Cli.Tests.Network;

public sealed class StatusViewTests
{
    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    public void A_round_is_one_line_whatever_its_figures(int width)
    {
        var status = new FederationStatus { Federation = "digits", Phase = "Finished", Rounds = 2 };
        status.History.Add(Round(round: 1, up: 789, down: 0));
        status.History.Add(Round(round: 100_000, up: 999_400_000_000, down: 123));

        string[] lines = Print(status, width);

        Assert.Equal("100000 93.06 % 0.2536 1000 250 999 GB 123 B 12345.6",
            Cells(Assert.Single(lines, line => Cells(line).StartsWith("100000", StringComparison.Ordinal))));
        Assert.Equal("1 93.06 % 0.2536 1000 250 789 B 0 B 12345.6",
            Cells(Assert.Single(lines, line => Cells(line).StartsWith("1 ", StringComparison.Ordinal))));
        Assert.All(lines, line => Assert.True(line.Length <= width, line));
    }

    [Fact]
    public void What_a_round_waits_for_is_told_by_number()
    {
        var status = new FederationStatus { Federation = "digits", Phase = "Waiting", Round = 1, Members = 2, Needed = 5 };

        Assert.Contains(Print(status, 120), line => line.StartsWith(
            "digits: waits for clients before round 1, which needs 5. 2 clients are there", StringComparison.Ordinal));
    }

    [Fact]
    public void A_trouble_stands_below_the_last_figures()
    {
        var status = new FederationStatus { Federation = "digits", Phase = "Finished" };

        Assert.Equal("Nothing listens there.", Print(status, 80, "Nothing listens there.").Last(line => line.Length > 0));
    }

    static RoundFigures Round(uint round, ulong up, ulong down) => new()
    {
        Round = round,
        Accuracy = 0.9306,
        Loss = 0.2536,
        Accepted = 1000,
        Refused = { Enumerable.Repeat("late", 250) },
        UplinkBytes = up,
        DownlinkBytes = down,
        Seconds = 12345.6,
    };

    static string[] Print(FederationStatus status, int width, string? trouble = null)
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = width;
        console.Write(StatusView.Render(status, trouble));
        return [.. output.ToString().Split('\n').Select(line => line.TrimEnd())];
    }

    static string Cells(string line) => string.Join(' ', line.Split([' ', '│'], StringSplitOptions.RemoveEmptyEntries));
}
