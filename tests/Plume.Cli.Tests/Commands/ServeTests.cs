using System.Text.Json;

namespace Plume.Cli.Tests.Commands;

public sealed class ServeTests : IDisposable
{
    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_server_runs_by_a_file_and_ends_well_when_it_is_told_to()
    {
        File.WriteAllText(folder["serve.json"],
            """{ "insecure": true, "listen": "127.0.0.1:0", "state": "state", "set": ["rounds=3"], "startWith": 2 }""");
        var run = Program.RunUntil("Serving", "TERM", "serve", "--config", folder["serve.json"], "--set", "rounds=5", "--set",
            "clients=12");
        Assert.Equal("", run.Error);
        Assert.Equal(0, run.Code);
        Assert.Matches(@"Serving digits \(5 rounds, 12 clients, the first opens with \d+, its quorum\) at http://127\.0\.0\.1:", run.Output);
        Assert.True(Directory.Exists(folder["state"]));
    }

    [Fact]
    public void A_log_of_json_has_one_object_a_line_with_its_time_and_nothing_else()
    {
        Assert.Equal(0, Program.Run("certs", "init", "--out", folder["certs"]).Code);
        var run = Program.RunUntil("{", "TERM", "serve", "--certs", folder["certs"], "--listen", "127.0.0.1:0", "--state",
            folder["state"], "--log-format", "json");
        Assert.Equal(0, run.Code);
        var events = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.All(events, happened =>
            Assert.Matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z$", happened.GetProperty("Timestamp").GetString()));
        Assert.Contains(events, happened => happened.GetProperty("Message")
            .GetString()!.StartsWith("Serving digits", StringComparison.Ordinal));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["state/admin.token"]));
    }

    [Theory]
    [InlineData("Give either --certs FOLDER", "serve")]
    [InlineData("--deadline: deadline must be a time above zero such as 90s, 10m, 2h or 7d, but is 'never'.", "serve",
        "--insecure", "--deadline", "never")]
    [InlineData("--listen: listen must be an address and a port such as 127.0.0.1:7443", "serve", "--insecure", "--listen",
        "here")]
    [InlineData("Without TLS a server may listen on loopback only", "serve", "--insecure", "--listen", "0.0.0.0:0")]
    [InlineData("The database's connection string must be keys and values", "serve", "--insecure", "--postgres",
        "Pasword=secret")]
    [InlineData("The database's connection string must be keys and values", "db", "apply", "--postgres", "secret")]
    public void A_server_that_cannot_run_as_it_is_told_says_why_and_no_secret(string message, params string[] arguments)
    {
        var run = Program.Run(arguments);
        Assert.Equal(1, run.Code);
        Assert.StartsWith($"plume: {message}", run.Error);
        Assert.DoesNotContain("secret", run.Error);
        Assert.Empty(run.Output);
    }
}
