using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Network.Serving;

namespace Plume.Cli.Tests.Network;

public sealed class ServeSettingsTests : IDisposable
{
    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    ServeSettings Read(string? json = null, string[]? environment = null, params string[] flags)
    {
        if (json is not null)
            File.WriteAllText(folder["serve.json"], json);
        var variables = (environment ?? []).Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        var given = flags.Select(pair => pair.Split('=', 2)).ToLookup(pair => pair[0], pair => pair[1]);
        return ServeSettings.Read(json is null ? null : folder["serve.json"], variables, setting => given.Contains(setting.Flag)
            ? [.. given[setting.Flag]] : null);
    }

    string Refusal(string? json = null, string[]? environment = null, params string[] flags)
    {
        var refused = Assert.Throws<CliException>(() => Read(json, environment, flags));
        Assert.Equal(ExitCode.Usage, refused.Code);
        return refused.Message.Replace(folder.Path + "/", "", StringComparison.Ordinal);
    }

    [Fact]
    public void What_nobody_says_has_its_default()
    {
        var settings = Read();
        Assert.Equal("127.0.0.1:7443", settings.Listen.ToString());
        Assert.Equal(Path.GetFullPath("plume-state"), settings.State);
        Assert.Equal(TimeSpan.FromMinutes(10), settings.Deadline);
        Assert.Equal(TimeSpan.FromMinutes(2), settings.Away);
        Assert.Empty(settings.Experiments);
        Assert.Empty(settings.Overrides);
        Assert.Null(settings.StartWith);
        Assert.Null(settings.Metrics);
        Assert.Null(settings.Certs);
        Assert.Null(settings.Postgres);
        Assert.False(settings.IsInsecure || settings.IsVerbose || settings.IsLogJson);
    }

    [Fact]
    public void The_command_line_beats_the_environment_and_that_beats_the_file()
    {
        var settings = Read("""{ "away": "1h", "deadline": "1h", "listen": "127.0.0.1:1", "startWith": 3, "verbose": true }""",
            ["PLUME_SERVE_DEADLINE=2h", "PLUME_SERVE_LISTEN=127.0.0.1:2", "PLUME_SERVE_VERBOSE=false"], "--listen=127.0.0.1:3");
        Assert.Equal(TimeSpan.FromHours(1), settings.Away);
        Assert.Equal(TimeSpan.FromHours(2), settings.Deadline);
        Assert.Equal(3, settings.Listen.Port);
        Assert.Equal(3, settings.StartWith);
        Assert.False(settings.IsVerbose);
    }

    [Fact]
    public void Paths_of_a_file_are_relative_to_it_and_others_to_the_working_folder()
    {
        var settings = Read("""{ "experiments": ["a.json", "/b.json"], "state": "state", "certs": "certs" }""",
            ["PLUME_SERVE_CERTS=certs"]);
        Assert.Equal([folder["a.json"], "/b.json"], settings.Experiments);
        Assert.Equal(folder["state"], settings.State);
        Assert.Equal(Path.GetFullPath("certs"), settings.Certs);
    }

    [Fact]
    public void A_list_in_the_environment_has_semicolons() =>
        Assert.Equal(["rounds=3", "uplink=topk(5%, tensor) | rans"],
            Read(null, ["PLUME_SERVE_SET=rounds=3; uplink=topk(5%, tensor) | rans"]).Overrides);

    [Fact]
    public void A_variable_that_is_empty_says_nothing() =>
        Assert.Null(Read(null, ["PLUME_SERVE_FLOWER="]).Flower);

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once_with_its_place() => Assert.Equal("""
        The server's configuration has 8 problems:
          serve.json:1:3: There is no key 'listne' in a server's settings; did you mean 'listen'?
          serve.json:1:40: insecure must be true or false, but is 1.
          serve.json:1:43: insecure is written twice; keep one.
          serve.json:2:18: experiments must be a list of which each is a path, but has 3.
          serve.json:2:36: logFormat must be one of "text", "json", but is "jsn"; the nearest is "json".
          PLUME_SERVE_AWAY: away must be a time above zero such as 90s, 10m, 2h or 7d, but is 'soon'.
          PLUME_SERVE_SILOO: There is no such variable; did you mean 'PLUME_SERVE_SILO'?
          --start-with: startWith must be a whole number from 1 to 1000000, but is 0.
        """, Refusal("""
        { "listne": "127.0.0.1:1", "insecure": 1, "insecure": true,
          "experiments": [3], "logFormat": "jsn" }
        """, ["PLUME_SERVE_AWAY=soon", "PLUME_SERVE_SILOO=127.0.0.1:1"], "--start-with=0"));

    [Fact]
    public void A_file_that_is_not_there_or_not_json_is_named()
    {
        Assert.StartsWith("The file of settings '/no/such.json' cannot be read: ",
            Assert.Throws<CliException>(() =>
                ServeSettings.Read("/no/such.json", new Dictionary<string, string>(), _ => null)).Message);
        Assert.StartsWith("serve.json:1:12: The file is not JSON: ", Refusal("""{ "listen" 3 }"""));
    }

    [Fact]
    public void A_connection_string_is_in_no_message()
    {
        Assert.DoesNotContain("secret", Refusal("""{ "postgres": ["Password=secret"] }"""));
        Assert.DoesNotContain("secret",
            Refusal(null, ["PLUME_SERVE_POSTGRES=Password=secret", "PLUME_SERVE_X=1"], "--postgres=Password=secret"));
    }

    [Fact]
    public void Every_setting_has_an_option_and_a_variable_of_its_name()
    {
        var startWith = ServeKeys.All.Single(setting => setting.Key.Name == "startWith");
        Assert.Equal("--start-with", startWith.Flag);
        Assert.Equal("PLUME_SERVE_START_WITH", startWith.Variable);
        Assert.Equal(ServeKeys.All.Count, ServeKeys.All.Select(setting => setting.Variable).Distinct().Count());
    }

    [Fact]
    public void Every_example_and_its_experiments_can_be_read()
    {
        string[] examples = Directory.GetFiles(Repository.Path("deploy"), "*.json");
        Assert.NotEmpty(examples);
        Assert.All(examples, example =>
        {
            var settings = ServeSettings.Read(example, new Dictionary<string, string>(), _ => null);
            Assert.NotNull(settings.Certs);
            Assert.NotEmpty(settings.Experiments);
            Assert.All(settings.Experiments, experiment => ExperimentFile.Read(experiment, []));
        });
    }
}
