using System.Text.Json;
using Plume.Compression.Container;
using Plume.Models.Onnx;

namespace Plume.Cli.Tests.Commands;

public class SimulateTests
{
    [Fact]
    public void A_run_prints_one_object_and_leaves_metrics_report_and_model()
    {
        using var folder = new Folder();
        const string Codec = "feedback | topk(7%) | uniform(4) | rans";
        var run = Program.Run("simulate", "--set", "rounds=3", "--codec", Codec, "--json", "--out", folder["run"]);
        Assert.Equal((0, 1), (run.Code, run.Output.Count(character => character == '\n')));
        using var result = JsonDocument.Parse(run.Output);
        Assert.Equal(["accuracy", "rounds", "uplinkBytes", "downlinkBytes", "secondsPerRound", "peakMemoryBytes", "refused",
            "bounded", "baseline", "metric", "folder", "seed", "uplink", "downlink", "clientSeconds", "model"],
            result.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.Equal(3, result.RootElement.GetProperty("rounds").GetInt32());
        Assert.Equal((folder["run"], Codec), (result.RootElement.GetProperty("folder").GetString(),
            result.RootElement.GetProperty("uplink").GetString()));

        var rounds = File.ReadLines(folder["run/metrics.jsonl"]).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal([1, 2, 3], rounds.Select(round => round.GetProperty("round").GetInt32()));
        Assert.All(rounds, round =>
            Assert.Equal(["round", "accuracy", "loss", "uplinkBytes", "downlinkBytes", "seconds", "accepted", "norm", "bounded",
                "refused", "macroF1", "clientSeconds"], round.EnumerateObject().Select(member => member.Name)));
        Assert.Equal(result.RootElement.GetProperty("uplinkBytes").GetInt64(),
            rounds.Sum(round => round.GetProperty("uplinkBytes").GetInt64()));

        var graph = OnnxFile.ReadFile(folder["run/model.onnx"]);
        Assert.Equal(graph.Weights, PlumeFile.Read(File.ReadAllBytes(folder["run/model.plume"])).Layout);
        string report = File.ReadAllText(folder["run/report.html"]);
        Assert.Contains("feedback | topk", report);
        Assert.DoesNotMatch("(src|href)=\"?https?:", report);
        Assert.False(File.Exists(folder["run/checkpoint.bin"]));
    }

    [Fact]
    public void A_run_that_is_stopped_and_resumed_gives_the_bits_of_one_that_is_not()
    {
        using var folder = new Folder();
        string[] experiment = ["simulate", "--set", "rounds=60", "--set", "client.epochs=1", "--set", "server.optimizer=fedavgm", "--set",
            "server.learningRate=0.3"];
        var stopped = Program.RunUntil("round  3/", "INT", [.. experiment, "--out", folder["stopped"]]);
        Assert.Equal(130, stopped.Code);
        Assert.Matches("^Stopped after round [0-9]+ of 60. Go on with: plume simulate --out .*stopped --resume", stopped.Error);
        Assert.False(File.Exists(folder["stopped/model.onnx"]));

        Assert.Equal(0, Program.Run("simulate", "--out", folder["stopped"], "--resume").Code);
        Assert.Contains("is complete, so there is nothing to resume",
            Program.Run("simulate", "--out", folder["stopped"], "--resume").Error);
        Assert.Equal(0, Program.Run([.. experiment, "--out", folder["calm"], "--threads", "1"]).Code);
        Assert.Equal(File.ReadAllBytes(folder["calm/model.onnx"]), File.ReadAllBytes(folder["stopped/model.onnx"]));
        Assert.Equal(WithoutSeconds(folder["calm/metrics.jsonl"]), WithoutSeconds(folder["stopped/metrics.jsonl"]));
        Assert.Equal(WithoutSeconds(folder["calm/baseline/metrics.jsonl"]),
            WithoutSeconds(folder["stopped/baseline/metrics.jsonl"]));
    }

    [Fact]
    public void A_run_that_is_killed_goes_on_from_its_last_checkpoint_to_the_same_bits()
    {
        using var folder = new Folder();
        string[] experiment = ["simulate", "--set", "rounds=120", "--set", "client.epochs=1", "--no-baseline"];
        Assert.NotEqual(0, Program.RunUntil("round   4/", "KILL",
            [.. experiment, "--save-every", "0", "--out", folder["killed"]]).Code);
        Assert.True(File.Exists(folder["killed/checkpoint.bin"]));
        Assert.Equal(0, Program.Run("simulate", "--out", folder["killed"], "--resume").Code);
        Assert.Equal(0, Program.Run([.. experiment, "--out", folder["calm"]]).Code);
        Assert.Equal(File.ReadAllBytes(folder["calm/model.onnx"]), File.ReadAllBytes(folder["killed/model.onnx"]));
        Assert.Equal(WithoutSeconds(folder["calm/metrics.jsonl"]), WithoutSeconds(folder["killed/metrics.jsonl"]));
    }

    static string[] WithoutSeconds(string path) =>
        [.. File.ReadLines(path).Select(line => line[..line.IndexOf("\"seconds\"", StringComparison.Ordinal)])];
}
