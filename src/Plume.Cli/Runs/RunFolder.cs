using Plume.Cli.Errors;

namespace Plume.Cli.Runs;

/// <summary>
/// Where a run leaves its files. Whether it can be used is found out before anything is trained; a new run that is not kept,
/// since it failed before its first round was done, leaves nothing.
/// </summary>
sealed class RunFolder : IDisposable
{
    // What a simulation keeps there that has no room in memory.
    const string MemoryFiles = "memories-*.tmp";

    // Null for the folder of a run that was there.
    readonly OutputFolder? made;

    RunFolder(string path, OutputFolder? made) => (Folder, this.made, IsKept) = (path, made, made is null);

    /// <summary>Whether what is in the folder stays when the run fails.</summary>
    public bool IsKept { get; private set; }

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

    public string ShippedOnnx => In("shipped.onnx");

    public string ShippedPlume => In("shipped.plume");

    public string Clients => In("clients.csv");

    public string Tensors => In("tensors.csv");

    public string Result => In("result.json");

    public string Details => In("run.json");

    /// <summary>A folder for a new run: made, empty and writable.</summary>
    /// <exception cref="CliException">It is not empty or cannot be written.</exception>
    public static RunFolder Create(string path)
    {
        var output = Output(path);
        string folder = output.Make();
        if (Directory.EnumerateFileSystemEntries(folder).Any())
            throw new CliException(ExitCode.Output,
                $"A new run needs an empty folder, but '{path}' has files. Name another with --out, or go on with what is "
                    + $"there with --resume.");
        var run = new RunFolder(folder, output);
        try
        {
            output.CheckWritable();
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>The folder of a run that was stopped.</summary>
    /// <exception cref="CliException">There is no run in it, or it cannot be written.</exception>
    public static RunFolder Resume(string path)
    {
        var run = new RunFolder(Path.GetFullPath(path), null);
        if (!File.Exists(run.Experiment))
            throw new CliException(ExitCode.Output,
                $"There is no run to resume in '{path}': it has no experiment.json. Start one without --resume.");
        if (File.Exists(run.Report))
            throw new CliException(ExitCode.Output,
                $"The run in '{path}' is complete, so there is nothing to resume. Start another without --resume.");
        Output(path).CheckWritable();
        return run;
    }

    /// <summary>The folder of a run, to read.</summary>
    /// <exception cref="CliException">There is no run in it.</exception>
    public static RunFolder Open(string path)
    {
        var run = new RunFolder(Path.GetFullPath(path), null);
        return File.Exists(run.Experiment) && File.Exists(run.Metrics) ? run : throw new CliException(ExitCode.Input,
            $"There is no run in '{path}': it has no experiment.json with a metrics.jsonl, as plume simulate leaves them.");
    }

    /// <summary>Makes the baseline's own folder.</summary>
    public void AddBaseline() => Directory.CreateDirectory(In("baseline"));

    /// <summary>Lets the run's files stay, whatever comes.</summary>
    public void Keep() => IsKept = true;

    /// <summary>
    /// The same as <see cref="Dispose"/> while the run is at work and the program is about to be ended: what it has open goes,
    /// too.
    /// </summary>
    public void Abandon()
    {
        foreach (string file in IsKept ? [] : Directory.GetFiles(Folder, MemoryFiles))
            File.Delete(file);
        Dispose();
    }

    /// <summary>Removes the files and folders of a run that is not kept.</summary>
    public void Dispose()
    {
        if (IsKept)
            return;
        foreach (string file in new[] { Experiment, Metrics, Checkpoint, BaselineMetrics, BaselineCheckpoint }.Where(File.Exists))
            File.Delete(file);
        if (Directory.Exists(In("baseline")) && !Directory.EnumerateFileSystemEntries(In("baseline")).Any())
            Directory.Delete(In("baseline"));
        made!.Unmake();
    }

    static OutputFolder Output(string path) => new(path, "run folder", "--out");

    string In(params string[] names) => Path.Combine([Folder, .. names]);
}
