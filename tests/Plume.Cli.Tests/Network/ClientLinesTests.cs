using Microsoft.Extensions.Time.Testing;
using Plume.Cli.Network;
using Plume.Client;

namespace Plume.Cli.Tests.Network;

public sealed class ClientLinesTests : IDisposable
{
    readonly FakeTimeProvider time = new();
    readonly StringWriter output = new();

    [Fact]
    public void A_server_that_is_away_is_told_at_first_and_then_now_and_then()
    {
        var lines = new ClientLines("site-1", output, time);
        lines.Report(new ClientProgress(ClientStage.Waiting, 0, 0, 0, ""));

        for (int seconds = 0; seconds < 3600; seconds += 10)
        {
            lines.Report(new ClientProgress(ClientStage.BackingOff, 0, 0, 0, "Nothing listens."));
            time.Advance(TimeSpan.FromSeconds(10));
        }

        lines.Report(new ClientProgress(ClientStage.Joined, 0, 0, 0, ""));

        Assert.Equal(
        [
            "site-1: waits for work",
            "site-1: cannot go on yet, and tries again: Nothing listens.",
            "site-1: has tried for 1 min 00 s: Nothing listens.",
            "site-1: has tried for 2 min 00 s: Nothing listens.",
            "site-1: has tried for 4 min 00 s: Nothing listens.",
            "site-1: has tried for 8 min 00 s: Nothing listens.",
            "site-1: has tried for 16 min 00 s: Nothing listens.",
            "site-1: has tried for 26 min 00 s: Nothing listens.",
            "site-1: has tried for 36 min 00 s: Nothing listens.",
            "site-1: has tried for 46 min 00 s: Nothing listens.",
            "site-1: has tried for 56 min 00 s: Nothing listens.",
            "site-1: the server answers again after 1 h 00 min",
            "site-1: joined",
        ], Written());
    }

    [Fact]
    public void A_trouble_of_moments_is_over_without_a_word()
    {
        var lines = new ClientLines("site-1", output, time);
        lines.Report(new ClientProgress(ClientStage.BackingOff, 0, 0, 0, "The connection broke."));
        time.Advance(TimeSpan.FromSeconds(3));
        lines.Report(new ClientProgress(ClientStage.BackingOff, 0, 0, 0, "Nothing listens."));
        lines.Report(new ClientProgress(ClientStage.Waiting, 0, 0, 0, ""));
        lines.Report(new ClientProgress(ClientStage.Waiting, 0, 0, 0, ""));

        Assert.Equal(["site-1: cannot go on yet, and tries again: The connection broke.", "site-1: waits for work"], Written());
    }

    public void Dispose() => output.Dispose();

    string[] Written() => output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
}
