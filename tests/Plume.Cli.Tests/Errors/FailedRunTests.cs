namespace Plume.Cli.Tests.Errors;

/// <summary>
/// What cannot be known before it is tried: the code says so, and what was begun is not left as if it were done.
/// </summary>
public sealed class FailedRunTests(BadFiles files) : IClassFixture<BadFiles>
{
    [Theory]
    [InlineData("train", "mlp", "--learning-rate", "1e30", "--epochs", "1")]
    [InlineData("prune", "good.onnx", "--connections", "50%", "--fine-tune", "1", "--learning-rate", "1e30")]
    public void Training_that_diverges_is_no_defect_and_writes_nothing(params string[] line)
    {
        var before = files.All;
        var ended = Program.Run(
            [.. line.Select(word => word.EndsWith(".onnx", StringComparison.Ordinal) ? files[word] : word), "--data", "digits",
                "-o", files["out.onnx"]]);
        Assert.Equal(4, ended.Code);
        Assert.Matches("^plume: Training of '[a-z]+' diverged: .* Use a smaller learning rate than 1E\\+30.\n$",
            ended.Error[ended.Error.IndexOf("plume: ", StringComparison.Ordinal)..]);
        Assert.Equal(before, files.All);
    }

    [Theory]
    [InlineData(4, "Round 1 needs 5 updates, but got 0", "client.learningRate=1e20")]
    [InlineData(4, "Round 1 needs 5 updates, but got ", "dropout=0.95")]
    [InlineData(2, "five.onnx' does not fit the data. Model 'mlp' tells 5 classes apart, but digits (train) has 10.",
        "model.file=five.onnx")]
    public void A_run_that_fails_before_its_first_round_is_done_leaves_no_folder_in_the_way_of_the_next(int code, string message,
        string setting)
    {
        var before = files.All;
        string[] start = ["simulate", files["run.json"], "--set", "rounds=2", "--out", files["runs/of/mine"], "--dump-updates",
            files["updates/of/mine"]];
        string wrong = setting.Replace("five.onnx", files["five.onnx"], StringComparison.Ordinal);
        File.WriteAllText(files["run.json"], $$"""
            { "clients": 20, "participants": 10, "data": { "set": "digits" }, "model": { {{(setting.StartsWith("model", StringComparison.Ordinal) ? "" : "\"name\": \"mlp\"")}} } }
            """);
        var ended = Program.Run([.. start, "--set", wrong]);
        File.Delete(files["run.json"]);
        Assert.Equal(code, ended.Code);
        Assert.Contains(message, ended.Error);
        Assert.Equal(before, files.All);
    }

    [Fact]
    public void A_run_that_fails_later_keeps_its_rounds_and_says_how_to_go_on()
    {
        string run = files["late"];
        var ended = Program.Run("simulate", "--set", "rounds=9", "--no-baseline", "--set", "server.learningRate=1e8",
            "--save-every", "0", "--out", run);
        Assert.Equal(4, ended.Code);
        Assert.Contains($" The rounds before are in '{run}', and --resume goes on from there with the same settings.",
            ended.Error);
        Assert.NotEmpty(File.ReadAllLines(Path.Combine(run, "metrics.jsonl")));
        Assert.Equal(4, Program.Run("simulate", "--resume", "--out", run).Code);
        Directory.Delete(run, recursive: true);
    }
}
