using System.Net;

namespace Plume.Cli.Tests.Viewing;

/// <summary>The commands that show runs on a page, as a user starts and ends them.</summary>
public sealed class ViewCommandTests : IDisposable
{
    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_run_is_shown_while_it_goes_on_and_after_it_until_it_is_told_to_stop_and_viewed_again_later()
    {
        using var run = Program.Start("simulate", "--set", "rounds=2", "--no-baseline", "--open", "--page", "127.0.0.1:0", "--out",
            folder["run"]);
        try
        {
            string address = await LineAsync(run.StandardOutput, "See it in a browser");
            Assert.Contains("run", await PageAsync(address), StringComparison.Ordinal);
            var rest = run.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await LineAsync(run.StandardError, " stays until Ctrl-C.");
            Assert.True(File.Exists(folder["run/report.html"]));
            Assert.Contains("run", await PageAsync(address), StringComparison.Ordinal);
            Program.Signal(run, "TERM");
            await run.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, run.ExitCode);
            Assert.Contains("Report, model and metrics are in ", await rest, StringComparison.Ordinal);
        }
        finally
        {
            run.Kill(entireProcessTree: true);
        }

        using var view = Program.StartUntil("See it in a browser", out string said, "view", folder["run"], "--page", "127.0.0.1:0");
        try
        {
            Assert.Contains("Finished", await PageAsync(said), StringComparison.OrdinalIgnoreCase);
            Program.Signal(view, "TERM");
            await view.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, view.ExitCode);
        }
        finally
        {
            view.Kill(entireProcessTree: true);
        }
    }

    static async Task<string> LineAsync(StreamReader from, string part)
    {
        while (await from.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.Contains(part, StringComparison.Ordinal))
                return line;
        }

        throw new InvalidOperationException($"The program has ended and never said '{part}'.");
    }

    static async Task<string> PageAsync(string said)
    {
        using var browser = new HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer() });
        return await browser.GetStringAsync(new Uri(said[said.IndexOf("http", StringComparison.Ordinal)..].Trim()),
            TestContext.Current.CancellationToken);
    }
}
