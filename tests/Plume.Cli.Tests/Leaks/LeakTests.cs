using System.Text.Json;

namespace Plume.Cli.Tests.Leaks;

public sealed class LeakTests : IDisposable
{
    static readonly string[] Few = ["leak", "--set", "client.epochs=2", "--rounds", "1,2", "--clients", "5", "--json"];

    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Floats_a_line_and_a_secure_sum_stand_side_by_side()
    {
        var run = Program.Run([.. Few, "--uplink", "sign | pack", "--out", folder["leak.html"]]);
        Assert.True(run.Code == 0, run.Error);
        var rows = JsonDocument.Parse(run.Output).RootElement.EnumerateArray().ToArray();
        Assert.Equal(["the server: each update", "the server: each update", "whoever has the models", "the server: the sum of 10",
            "the server: each update", "nobody: random numbers"], rows.Select(row => row.GetProperty("reads").GetString()));
        Assert.Equal("sign | pack", rows[4].GetProperty("uplink").GetString());
        double floats = Area(rows[0]), nobody = Area(rows[5]), sum = Area(rows[3]);
        Assert.InRange(floats, 0.56, 1);
        Assert.InRange(nobody, 0.45, 0.55);
        Assert.InRange(sum, 0.45, floats - 0.03);
        Assert.All(rows, row => Assert.InRange(row.GetProperty("membership").GetProperty("aucError").GetDouble(), 1e-4, 0.1));
        Assert.True(Bytes(rows[1]) < Bytes(rows[0]) / 10);
        string page = File.ReadAllText(folder["leak.html"]);
        Assert.Contains("uniform(8, shared) | secure", page, StringComparison.Ordinal);
        Assert.Contains("data:image/png;base64,iVBORw0KGgo", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("(src|href)=\"?https?:", page);
    }

    [Fact]
    public void Clients_of_one_sample_give_it_away_and_two_make_no_secure_sum_on_any_number_of_threads()
    {
        string[] one =
            ["leak", "--samples", "1", "--set", "client.epochs=1", "--set", "participants=2", "--rounds", "1", "--json"];
        var run = Program.Run([.. one, "--threads", "1"]);
        Assert.Equal(run.Output, Program.Run([.. one, "--threads", "3"]).Output);
        var rows = JsonDocument.Parse(run.Output).RootElement;
        Assert.InRange(Best(rows[0], "reconstruction"), 0, 1e-6);
        Assert.Equal(1, Area(rows[0]));
        Assert.InRange(Best(rows[0], "ofOthers"), 0.1, 2);
        Assert.InRange(Best(rows[3], "reconstruction"), 0.5, 10);
        Assert.Contains("'uniform(8, shared) | secure' is left out. Under 'secure' a round must want 3 updates", run.Error,
            StringComparison.Ordinal);
        Assert.DoesNotContain("the sum of", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Noise_is_on_what_is_published_and_the_server_sees_updates_before_it()
    {
        var run = Program.Run([.. Few, "--set", "uplink=clip(1) | pack", "--set", "privacy.noise=8", "--set",
            "privacy.delta=1e-5", "--set", "privacy.epsilon=100"]);
        Assert.True(run.Code == 0, run.Error);
        var rows = JsonDocument.Parse(run.Output).RootElement.EnumerateArray().ToArray();
        Assert.Equal(["the server: each update", "the server: each update, before the noise", "whoever has the models",
            "whoever has the models", "the server: the sum of 10", "nobody: random numbers"],
            rows.Select(row => row.GetProperty("reads").GetString()));
        Assert.Equal([null, 8, 8, null, null, null],
            rows.Select(row => row.GetProperty("noise") is { ValueKind: JsonValueKind.Number } noise ? noise.GetDouble()
                : (double?)null));
        Assert.InRange(Area(rows[1]), 0.54, 1);
        Assert.InRange(Area(rows[2]), 0.44, 0.56);
    }

    [Theory]
    [InlineData("--clients must be 1 to 10, the participants of a round, but is 11.", "--clients", "11")]
    [InlineData("--clients must be 1 to 10", "--clients", "0")]
    [InlineData("--samples must be 1 or more, since a client without samples sends nothing, but is 0.", "--samples", "0")]
    [InlineData("1 to 40, with commas between, such as 1,5, but has '41'.", "--rounds", "1,41")]
    [InlineData("but has 'x'.", "--rounds", "x")]
    [InlineData("but has ''.", "--rounds", "")]
    [InlineData("--threads must be 1 or more", "--threads", "0")]
    [InlineData("--uplink: Codec 'fire', column 1", "--uplink", "fire")]
    [InlineData("--uplink: 'topk(1%) | pack' drops values for good", "--uplink", "topk(1%) | pack")]
    [InlineData("--uplink: Under 'secure' a round must want 3 updates", "--set", "participants=2", "--uplink",
        "uniform(4, shared) | secure")]
    [InlineData("by 'masks(seed=1)' no update travels", "--set", "exchange=masks", "--set", "uplink=pack", "--set",
        "downlink=deadzone(abs=0.1) | range")]
    [InlineData("no update travels", "--set", "exchange=predictions(public=holdout(200), batch=50)", "--set",
        "uplink=pack", "--set", "downlink=pack")]
    [InlineData("clients send those of parts of it", "--set", "exchange=submodels(1, 1/2)")]
    [InlineData("in the rhythm 'buffered(4)' they start from different ones", "--set", "rhythm=buffered(4)")]
    public void What_cannot_be_is_refused_before_anything_runs(string problem, params string[] options)
    {
        var run = InProcess.Run(["leak", .. options]);
        Assert.NotEqual(0, run.Code);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
    }

    static double Area(JsonElement row) => row.GetProperty("membership").GetProperty("auc").GetDouble();

    static double Bytes(JsonElement row) => row.GetProperty("bytes").GetDouble();

    static double Best(JsonElement row, string what) => row.GetProperty(what).GetProperty("bestError").GetDouble();
}
