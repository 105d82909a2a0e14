using System.Runtime.Versioning;
using Plume.Compression.Randomness;
using Plume.Models.Onnx;
using Plume.Models.Zoo;

namespace Plume.Cli.Tests.Outputs;

[UnsupportedOSPlatform("windows")]
public class EndedCommandTests
{
    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("INT", 130)]
    public async Task A_command_that_a_signal_ends_while_it_measures_what_it_wrote_leaves_nothing(string signal, int code)
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1)));
        var written = new TaskCompletionSource();
        using var watcher = new FileSystemWatcher(folder.Path, ".plume-*.onnx") { NotifyFilter = NotifyFilters.LastWrite };
        watcher.Changed += (_, _) => written.TrySetResult();
        watcher.EnableRaisingEvents = true;
        using var process = Program.Start("quantize", folder["m.onnx"], "--data", "digits", "-o", folder["q.onnx"]);
        await Task.WhenAny(written.Task, process.WaitForExitAsync(TestContext.Current.CancellationToken));
        Program.Signal(process, signal);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(code, process.ExitCode);
        Assert.Equal([folder["m.onnx"]], Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task A_second_signal_in_the_first_round_ends_a_simulation_at_once_and_leaves_nothing(string signal, int code)
    {
        using var folder = new Folder();
        using var process = Program.Start(
            "simulate", "--out", folder["runs/first"], "--dump-updates", folder["updates"], "--set", "client.epochs=10000",
            "--set", "uplink=feedback | uniform(8) | pack");
        while (!File.Exists(folder["runs/first/experiment.json"]) && !process.HasExited)
            await Task.Yield();
        while (!process.WaitForExit(TimeSpan.FromMilliseconds(100)))
            Program.Signal(process, signal);
        Assert.Equal(code, process.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }
}
