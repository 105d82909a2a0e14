using System.Text.Json;

namespace Plume.Cli.Tests.Commands;

public sealed class CompareTests : IDisposable
{
    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Experiments_stand_side_by_side_and_what_was_run_is_not_run_again()
    {
        string[] experiments = [
            Experiment("plain", "\"links\": \"lognormal(down=2, up=1, spread=0.5) | latency(50ms)\", \"ships\": "
                + "\"channels(30%) | quantize(8)\","),
                Experiment("sparse", "\"training\": \"prune(50%, rounds=1..2) | quantize(8, 8)\",")];
        var run = Program.Run(["compare", .. experiments, "--seeds", "3,4", "--out", folder["c"], "--json"]);
        Assert.True(run.Code == 0, run.Error);
        var rows = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(["plain", "sparse"], rows.EnumerateArray().Select(row => row.GetProperty("name").GetString()));
        foreach (var row in rows.EnumerateArray())
        {
            string name = row.GetProperty("name").GetString()!;
            double[] bytes = [.. new[] { 3,
                4 }.Select(seed => (double)File.ReadLines(folder[$"c/{name}/seed-{seed}/metrics.jsonl"]).Sum(Both))];
            Assert.Equal(bytes.Average(), row.GetProperty("bothBytes").GetDouble());
            Assert.InRange(row.GetProperty("accuracy").GetDouble(), row.GetProperty("leastAccuracy").GetDouble(),
                row.GetProperty("mostAccuracy").GetDouble());
            Assert.Equal(JsonValueKind.Number, row.GetProperty("shippedAccuracy").ValueKind);
            Assert.Equal(name == "plain" ? "channels(30%) | quantize(8)" : null, row.GetProperty("ships").GetString());
            Assert.Equal(new[] { 3, 4 }.Average(seed =>
                (double)new FileInfo(folder[$"c/{name}/seed-{seed}/{(name == "plain" ? "shipped" : "model")}.plume"]).Length),
                row.GetProperty("plumeBytes").GetDouble());
            Assert.InRange(row.GetProperty("worstTenth").GetDouble(), 0, 1);
            Assert.All((string[])["clientSeconds", "peakMemoryBytes", "modelBytes", "latencyMicroseconds"],
                figure => Assert.True(row.GetProperty(figure).GetDouble() > 0));
            if (name == "plain")
                Assert.Equal(new[] { 3, 4 }.Average(seed => File.ReadLines(folder[$"c/{name}/seed-{seed}/metrics.jsonl"])
                    .Sum(line => JsonDocument.Parse(line).RootElement.GetProperty("linkSeconds").GetDouble())),
                    row.GetProperty("linkSeconds").GetDouble(), 1e-9);
            else
                Assert.Equal(JsonValueKind.Null, row.GetProperty("linkSeconds").ValueKind);
        }

        Assert.Equal(run.Output, File.ReadAllText(folder["c/compare.json"]));
        Assert.Equal(3, File.ReadAllLines(folder["c/compare.csv"]).Length);
        string page = File.ReadAllText(folder["c/compare.html"]);
        Assert.Contains("prune(50%, rounds=1..2) | quantize(8, 8)", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("(src|href)=\"?https?:", page);

        // A run that is gone is made again, to the same bits; the others are read.
        var written = File.GetLastWriteTimeUtc(folder["c/plain/seed-3/model.onnx"]);
        Directory.Delete(folder["c/sparse/seed-4"], recursive: true);
        var again = Program.Run(["compare", .. experiments, "--seeds", "3,4", "--out", folder["c"], "--json"]);
        Assert.Equal(Untimed(run.Output), Untimed(again.Output));
        Assert.Equal(written, File.GetLastWriteTimeUtc(folder["c/plain/seed-3/model.onnx"]));

        var other = Program.Run(["compare", experiments[0], "--seeds", "3", "--set", "client.epochs=2", "--out", folder["c"]]);
        Assert.Equal(3, other.Code);
        Assert.Contains("has a run of other settings", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_comparison_that_is_stopped_goes_on_and_a_run_that_fails_is_named()
    {
        string plain = Experiment("plain");
        string[] compare = ["compare", plain, "--seeds", "3", "--set", "rounds=60", "--out", folder["c"]];
        var stopped = Program.RunUntil("  plain, seed 3, round 10/", "INT", compare);
        Assert.Equal((130, "Stopped. The same command goes on from there.\n"), (stopped.Code, stopped.Error));
        Assert.True(File.Exists(folder["c/plain/seed-3/checkpoint.bin"]));
        var done = Program.Run(compare);
        Assert.True(done.Code == 0, done.Error);
        Assert.DoesNotContain("round 10/", done.Output, StringComparison.Ordinal);

        var failed = Program.Run("compare", plain, "--seeds", "3", "--set", "client.learningRate=1e30", "--out", folder["d"]);
        Assert.Equal(4, failed.Code);
        Assert.StartsWith("plume: plain, seed 3: ", failed.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "--seeds must be whole numbers", "--seeds", "1,x")]
    [InlineData(1, "--seeds names a seed twice", "--seeds", "1,1")]
    [InlineData(1, "--threads must be 1 or more", "--threads", "0")]
    [InlineData(1, "Two experiments are called 'plain'", "PLAIN")]
    public void A_comparison_that_makes_no_sense_is_refused_before_anything_is_run(int code, string message,
        params string[] arguments)
    {
        string plain = Experiment("plain");
        var run = Program.Run(["compare", plain, .. arguments.Select(argument => argument == "PLAIN" ? plain : argument), "--out",
            folder["c"]]);
        Assert.Equal(code, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["c"]));
    }

    string Experiment(string name, string more = "")
    {
        File.WriteAllText(folder[$"{name}.json"], $$"""
            { "name": "{{name}}", "rounds": 3, "clients": 4, "participants": 3, {{more}} "data": { "set": "digits" }, "model": { "name": "mlp" } }
            """);
        return folder[$"{name}.json"];
    }

    static long Both(string line)
    {
        var round = JsonDocument.Parse(line).RootElement;
        return round.GetProperty("uplinkBytes").GetInt64() + round.GetProperty("downlinkBytes").GetInt64();
    }

    static string[] Untimed(string json) =>
        [.. json.Split('\n').Where(line => !line.Contains("econds", StringComparison.Ordinal)
            && !line.Contains("peakMemory", StringComparison.Ordinal))];
}
