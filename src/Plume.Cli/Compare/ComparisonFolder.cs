using System.Globalization;
using System.Text.Json;
using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Runs;
using Plume.Cli.Setup;
using Plume.Compression.Container;

namespace Plume.Cli.Compare;

/// <summary>Where a comparison keeps its runs: a folder for each experiment, and in it one for each seed. A run that is done is not run again.</summary>
/// <param name="path">As the user named it.</param>
sealed class ComparisonFolder(string path)
{
    const string ResultFile = "result.json";

    /// <summary>The full path of a file of the comparison itself.</summary>
    public string File(string name) => Path.Combine(Path.GetFullPath(path), name);

    /// <summary>The run of an experiment by a seed: as it was kept, gone on with, or begun.</summary>
    /// <param name="settings">The experiment, with the seed.</param>
    /// <param name="threads">Clients that train side by side.</param>
    /// <param name="report">Told of each round.</param>
    /// <param name="stop">Stops at the end of the round at hand; what was done is kept.</param>
    /// <returns>The run; null where it was stopped.</returns>
    /// <exception cref="CliException">What is there is of other settings.</exception>
    public ComparedRun? Run(Settings settings, int threads, Action<RoundLine> report, CancellationToken stop)
    {
        long seed = settings.Get<long>("seed");
        string place = PlaceOf(settings.Get<string>("name"), seed);
        byte[] experiment = settings.ToBytes();
        string kept = Path.Combine(place, "experiment.json"), result = Path.Combine(place, ResultFile);
        if (System.IO.File.Exists(kept) && !System.IO.File.ReadAllBytes(kept).AsSpan().SequenceEqual(experiment))
            throw new CliException(ExitCode.Output, $"'{place}' has a run of other settings. Compare into another folder with --out, or remove that one.");
        if (System.IO.File.Exists(result))
            return Read(seed, place);
        var inputs = Inputs.Load(settings);
        var options = Federations.Compressed(settings, inputs, threads);
        inputs = inputs.WithTeachers(settings, threads);
        using var folder = System.IO.File.Exists(kept) ? RunFolder.Resume(place) : RunFolder.Create(place);
        AtomicFile.Write(folder.Experiment, experiment);
        using var runs = new Comparison(new FederatedRun(options with { SpillFolder = folder.Folder }, inputs, folder.Metrics, folder.Checkpoint), null);
        folder.Keep();
        if (!runs.Run(options.Plan.Rounds, TimeSpan.FromMinutes(1), done => report(done.Compressed), stop))
        {
            runs.Save();
            return null;
        }

        var shipped = RunFiles.Write(folder, settings, settings.Get<string>("name"), inputs, runs);
        var told = runs.Result(shipped);
        AtomicFile.Write(result, JsonSerializer.SerializeToUtf8Bytes(told, MetricsJson.Default.RunResult));
        runs.Close();
        return new ComparedRun(seed, runs.Compressed.Rounds, told);
    }

    /// <summary>Bytes of the models that an experiment's runs left, in the mean.</summary>
    public double ModelBytes(string name, IEnumerable<ComparedRun> runs) =>
        runs.Average(run => new FileInfo(Path.Combine(PlaceOf(name, run.Seed), "model.onnx")).Length);

    string PlaceOf(string name, long seed) => Path.Combine(path, name, string.Create(CultureInfo.InvariantCulture, $"seed-{seed}"));

    static ComparedRun Read(long seed, string place)
    {
        var result = JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(Path.Combine(place, ResultFile)), MetricsJson.Default.RunResult)!;
        using var log = new MetricsLog(Path.Combine(place, "metrics.jsonl"), result.Rounds);
        return new ComparedRun(seed, [.. log.Rounds], result);
    }
}
