using System.Text;
using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Experiments.Keys;
using Plume.Learning.Partition;

namespace Plume.Cli.Tests.Experiments;

public class SettingsReaderTests
{
    const string Smallest = """{ "data": { "set": "digits" } }""";

    static Settings Read(string json, params string[] overrides) =>
        SettingsReader.Read(Encoding.UTF8.GetBytes(json), "e.json", "/data", overrides);

    static string[] Problems(string json, params string[] overrides) =>
        [.. Assert.Throws<ExperimentException>(() => Read(json, overrides)).Problems.Select(problem => problem.ToString())];

    [Fact]
    public void What_is_not_written_has_its_default()
    {
        var settings = Read(Smallest);
        Assert.Equal(10L, settings.Get<long>("rounds"));
        Assert.Equal(0.05, settings.Get<double>("client.learningRate"));
        Assert.Equal("iid", settings.Get<Partition>("data.partition").ToString());
        Assert.False(settings.Has("data.folder"));
    }

    [Fact]
    public void Comments_and_trailing_commas_and_a_byte_order_mark_are_allowed()
    {
        var settings = Read("\uFEFF// first\n{ /* second */ \"rounds\": 3, \"data\": { \"set\": \"csv\", }, }\n");
        Assert.Equal(3L, settings.Get<long>("rounds"));
    }

    [Fact]
    public void All_problems_are_listed_at_once_with_line_and_column()
    {
        string[] problems = Problems("""
            {
              "round": 3,
              "dropout": 1,
              "data": { "set": "digit" },
              "client": { "learningrate": 0.1, "epochs": "two" },
              "participants": 0
            }
            """);
        Assert.Equal(
        [
            "e.json:2:3: There is no key 'round' in an experiment; did you mean 'rounds'?",
            "e.json:3:14: dropout must be a number from 0 and below 1, but is 1.",
            "e.json:4:20: data.set must be one of \"digits\", \"fashion-mnist\", \"mnist\", \"csv\", \"table\", \"images\", \"arrays\", but is \"digit\"; the "
                + "nearest is \"digits\".",
            "e.json:5:15: There is no key 'learningrate' in client; did you mean 'learningRate'?",
            "e.json:5:46: client.epochs must be a whole number from 1 to 10000, but is \"two\".",
            "e.json:6:19: participants must be a whole number from 1 up, or a share such as \"20%\", but is 0.",
        ], problems);
    }

    [Fact]
    public void Null_takes_a_key_back_to_its_default()
    {
        const string json = """{ "name": "mine", "rounds": 3, "clients": 4, "data": { "set": "digits" }, "model": { "name": "mlp" }, "client": { "epochs": 7 } }""";
        var settings = Read(json, "name=null", "rounds=null", "clients=null", "model.name=null", "client.epochs=5",
            "client.epochs=null", "data.set=null", "data.set=csv");
        Assert.Equal(("experiment", 10L, 1L, "csv"),
            (settings.Get<string>("name"), settings.Get<long>("rounds"), settings.Get<long>("client.epochs"),
                settings.Get<string>("data.set")));
        Assert.Equal((false, false), (settings.Has("clients"), settings.Has("model.name")));
        Assert.Equal(["e.json: data.set is missing; it must be one of \"digits\", \"fashion-mnist\", \"mnist\", \"csv\", \"table\", \"images\", \"arrays\"."],
            Problems(json, "data.set=null"));
        Assert.Equal(["e.json:1:13: rounds must be a whole number from 1 to 1000000, but is null."],
            Problems("""{ "rounds": null, "data": { "set": "digits" } }"""));
    }

    [Theory]
    [InlineData("client.learningRate=1,5", "a number above 0, but is \"1,5\".")]
    [InlineData("client.learningRate= 1", "a number above 0, but is \" 1\".")]
    [InlineData("client.learningRate=(1)", "a number above 0, but is \"(1)\".")]
    [InlineData("client.learningRate=1e999", "a number above 0, but is \"1e999\".")]
    [InlineData("rounds=1,000", "a whole number from 1 to 1000000, but is \"1,000\".")]
    [InlineData("rounds=[3]", "a whole number from 1 to 1000000, but is \"[3]\".")]
    [InlineData("name=a\n", "a name of letters, digits, dots, dashes and underscores, at most 64, but is \"a\\n\".")]
    public void An_override_is_what_it_says_or_refused(string pair, string rule) =>
        Assert.EndsWith($" must be {rule}", Assert.Single(Problems(Smallest, pair)));

    [Fact]
    public void A_key_far_from_all_gives_the_list_of_all() => Assert.Equal(
        ["e.json:1:38: There is no key 'xyzzyqwerty' in server; known are optimizer, learningRate, momentum, beta1, beta2, "
            + "norm, rule, tau."],
        Problems("""{"data":{"set":"digits"},"server": { "xyzzyqwerty": 1 }}"""));

    [Fact]
    public void A_missing_key_and_a_repeated_key_are_problems() => Assert.Equal(
        [
            "e.json:1:16: rounds is written twice; keep one.",
            "e.json: data.set is missing; it must be one of \"digits\", \"fashion-mnist\", \"mnist\", \"csv\", \"table\", \"images\", \"arrays\".",
        ],
        Problems("""{ "rounds": 1, "rounds": 2 }"""));

    [Theory]
    [InlineData("[1]", "e.json:1:1: An experiment must be an object with the keys ")]
    [InlineData("{ \"data\": 3 }",
        "e.json:1:11: data must be an object with the keys set, folder, file, label, target, normalize, missing, leaveOut, "
            + "categories, columns, test, shape, partition, but is 3.")]
    [InlineData("", "e.json:1:1: The file is not JSON: ")]
    [InlineData("{ \"rounds\" 3 }", "e.json:1:12: The file is not JSON: ")]
    [InlineData("{}\n{}", "e.json:2:1: The file is not JSON: ")]
    [InlineData("{\"name\": \"\\ud800\"}", "e.json:1:10: The text is not valid UTF-8.")]
    public void Text_that_is_no_experiment_is_refused_with_its_place(string json, string beginning) =>
        Assert.StartsWith(beginning, Problems(json)[0], StringComparison.Ordinal);

    [Fact]
    public void Bytes_that_are_no_text_are_refused_with_their_place()
    {
        byte[] bytes = [.. "{\"name\": \""u8, 0xFF, 0xFE, .. "\"}"u8];
        var refused = Assert.Throws<ExperimentException>(() => SettingsReader.Read(bytes, "e.json", "/", []));
        Assert.Equal("e.json:1:10: The text is not valid UTF-8.", refused.Problems[0].ToString());
    }

    [Fact]
    public void An_override_stands_over_the_file_and_a_later_one_over_an_earlier()
    {
        var settings = Read(Smallest, "client.learningRate=0.1", "rounds=4", "rounds=5", "participants=50%", "name=7",
            "baseline=true");
        Assert.Equal(0.1, settings.Get<double>("client.learningRate"));
        Assert.Equal(5L, settings.Get<long>("rounds"));
        Assert.Equal(new Amount(0, 0.5), settings.Get<Amount>("participants"));
        Assert.Equal("7", settings.Get<string>("name"));
        Assert.True(settings.Get<bool>("baseline"));
    }

    [Fact]
    public void Overrides_meet_the_same_errors() => Assert.Equal(
        [
            "--set client.learningrte=1: There is no key 'client.learningrte' in an experiment; did you mean "
                + "'client.learningRate'?",
            "--set rounds=many: rounds must be a whole number from 1 to 1000000, but is \"many\".",
            "--set client=1: client is an object; set one of its keys: client.epochs, client.batchSize, client.learningRate, "
                + "client.schedule, client.optimizer, client.momentum, client.weightDecay, client.classWeights, client.proximal.",
            "--set rounds: An override is a key and a value, such as --set rounds=5.",
        ],
        Problems(Smallest, "client.learningrte=1", "rounds=many", "client=1", "rounds"));

    [Fact]
    public void Paths_are_relative_to_the_file_and_those_of_overrides_to_the_working_folder()
    {
        var settings = Read("""{ "data": { "set": "csv", "file": "a/../b.csv", "partition": "file(s.json)" } }""",
            "model.file=m.onnx");
        Assert.Equal("/data/b.csv", settings.Get<string>("data.file"));
        Assert.Equal("file(/data/s.json)", settings.Get<Partition>("data.partition").ToString());
        Assert.Equal(Path.GetFullPath("m.onnx"), settings.Get<string>("model.file"));
    }

    [Fact]
    public void Resolved_settings_read_back_to_themselves()
    {
        string resolved = Read(Smallest, "participants=12.5%", "seed=9007199254740991", "data.partition=dirichlet(0.3)",
            "quorum=3", "model.name=mlp").ToJson().ToJsonString();
        Assert.Equal(resolved, Read(resolved).ToJson().ToJsonString());
        Assert.Contains("\"participants\":\"12.5%\"", resolved, StringComparison.Ordinal);
    }
}
