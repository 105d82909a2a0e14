using Plume.Cli.Errors;
using Plume.Cli.Runs;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Models.Onnx;

namespace Plume.Cli.Tests.Commands.OfUpdates;

public class DumpUpdatesTests
{
    static readonly string[] Experiment = ["simulate", "--set", "rounds=2", "--no-baseline"];

    [Fact]
    public void Every_update_is_a_file_with_the_models_tensors_and_the_run_is_the_same()
    {
        using var folder = new Folder();
        Assert.Equal(0, Program.Run([.. Experiment, "--out", folder["plain"]]).Code);
        Assert.Equal(0, Program.Run(
            [.. Experiment, "--out", folder["run"], "--dump-updates", folder["updates/of/run"], "--threads", "2"]).Code);
        Assert.Equal(File.ReadAllBytes(folder["plain/model.onnx"]), File.ReadAllBytes(folder["run/model.onnx"]));

        var layout = OnnxFile.ReadFile(folder["run/model.onnx"]).Weights;
        var files = Directory.GetFiles(folder["updates/of/run"]).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(20, files.Count);
        Assert.All(files, file => Assert.Matches("round-00[12]-client-0[01][0-9]\\.safetensors$", file));
        Assert.Equal(10, files.Count(file => file.Contains("round-001-", StringComparison.Ordinal)));
        Assert.All(files, file =>
        {
            var update = Safetensors.Read(File.ReadAllBytes(file));
            Assert.Equal(layout.Tensors.Select(tensor => tensor.ToString()),
                update.Layout.Tensors.Select(tensor => tensor.ToString()));
            // Not what a codec left of it: nearly every value moved, and none far.
            Assert.InRange(update.Values.Count(value => value != 0), layout.Length / 2, layout.Length);
            Assert.InRange(update.Values.Max(Math.Abs), 1e-6, 2);
        });
    }

    [Fact]
    public void A_folder_with_updates_is_refused_but_for_the_run_that_is_resumed()
    {
        using var folder = new Folder();
        string[] experiment = ["simulate", "--set", "rounds=40", "--no-baseline", "--dump-updates", folder["updates"], "--out"];
        var stopped = Program.RunUntil("round  2/", "INT", [.. experiment, folder["run"]]);
        Assert.Equal(130, stopped.Code);
        Assert.Contains($"--resume --dump-updates {folder["updates"]}", stopped.Error);

        var other = Program.Run([.. experiment, folder["other"]]);
        Assert.Equal(3, other.Code);
        Assert.Contains($"A run's updates need a folder without others, but '{folder["updates"]}' has some.", other.Error);
        Assert.False(Directory.Exists(folder["other"]));

        Assert.Equal(0, Program.Run("simulate", "--out", folder["run"], "--resume", "--dump-updates", folder["updates"]).Code);
        Assert.Equal(400, Directory.GetFiles(folder["updates"]).Length);
    }

    [Theory]
    [InlineData("/proc/updates")]
    [InlineData("/proc/version/updates")]
    public void A_folder_that_cannot_be_written_is_named_before_anything_is_trained(string path)
    {
        using var folder = new Folder();
        var run = Program.Run([.. Experiment, "--out", folder["run"], "--dump-updates", path]);
        Assert.Equal(3, run.Code);
        Assert.Contains($"The folder of updates '{path}' cannot be written: ", run.Error);
        Assert.Empty(run.Output);
        Assert.False(Directory.Exists(folder["run"]));
    }

    [Fact]
    public void A_disk_that_fails_during_the_run_is_an_error_of_the_output()
    {
        using var folder = new Folder();
        var dump = UpdateDump.Open(folder["updates"], rounds: 1000, clients: 5000, resumed: false);
        var update = new ModelWeights(ModelLayout.Of([("w", [2], TensorRole.Weight)]), [1, 2]);
        dump.Write(7, 42, update);
        Assert.Equal(folder["updates/round-0007-client-0042.safetensors"], Assert.Single(Directory.GetFiles(folder["updates"])));
        Directory.Delete(folder["updates"], recursive: true);
        var failed = Assert.Throws<CliException>(() => dump.Write(7, 43, update));
        Assert.Equal(ExitCode.Output, failed.Code);
        Assert.Contains("cannot be written", failed.Message);
    }
}
