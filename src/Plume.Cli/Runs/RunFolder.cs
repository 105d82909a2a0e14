using Plume.Cli.Errors;

namespace Plume.Cli.Runs;

/// <summary>Where a run leaves its files. Whether it can be used is found out before anything is trained.</summary>
sealed class RunFolder
{
    RunFolder(string path) => Folder = path;

    /// <summary>The folder's full path.</summary>
    public string Folder { get; }

    public string Metrics => In("metrics.jsonl");

    public string BaselineMetrics => In("baseline", "metrics.jsonl");

    public string Checkpoint => In("checkpoint.bin");

    public string BaselineCheckpoint => In("baseline", "checkpoint.bin");

    public string Experiment => In("experiment.json");

    public string Report => In("report.html");

    public string OnnxModel => In("model.onnx");

    public string PlumeModel => In("model.plume");

    /// <summary>A folder for a new run: made, empty and writable.</summary>
    /// <exception cref="CliException">It is not empty or cannot be written.</exception>
    public static RunFolder Create(string path)
    {
        var run = new RunFolder(Output(path).Make());
        if (Directory.EnumerateFileSystemEntries(run.Folder).Any())
            throw new CliException(ExitCode.Output, $"A new run needs an empty folder, but '{path}' has files. Name another with --out, or go on with what is there with --resume.");
        Output(path).CheckWritable();
        return run;
    }

    /// <summary>The folder of a run that was stopped.</summary>
    /// <exception cref="CliException">There is no run in it, or it cannot be written.</exception>
    public static RunFolder Resume(string path)
    {
        var run = new RunFolder(Path.GetFullPath(path));
        if (!File.Exists(run.Experiment))
            throw new CliException(ExitCode.Output, $"There is no run to resume in '{path}': it has no experiment.json. Start one without --resume.");
        if (File.Exists(run.Report))
            throw new CliException(ExitCode.Output, $"The run in '{path}' is complete, so there is nothing to resume. Start another without --resume.");
        Output(path).CheckWritable();
        return run;
    }

    /// <summary>Makes the baseline's own folder.</summary>
    public void AddBaseline() => Directory.CreateDirectory(In("baseline"));

    static OutputFolder Output(string path) => new(path, "run folder", "--out");

    string In(params string[] names) => Path.Combine([Folder, .. names]);
}
