using System.Globalization;
using System.Text.Json;
using Plume.Cli.Errors;
using Plume.Cli.Runs;

namespace Plume.Cli.Compare;

/// <summary>
/// Where a comparison keeps its runs: a folder for each experiment, and in it one for each seed. A run that is done is not run
/// again.
/// </summary>
/// <param name="path">As the user named it.</param>
sealed class ComparisonFolder(string path)
{
    /// <summary>The full path of a file of the comparison itself.</summary>
    public string File(string name) => Path.Combine(Path.GetFullPath(path), name);

    /// <summary>The run of an experiment by a seed: as it was kept, gone on with, or begun.</summary>
    /// <param name="planned">The experiment, with the seed.</param>
    /// <param name="threads">Clients that train side by side.</param>
    /// <param name="report">Told the line of each round.</param>
    /// <param name="stop">Stops at the end of the round at hand; what was done is kept.</param>
    /// <returns>The run; null where it was stopped.</returns>
    /// <exception cref="CliException">What is there is of other settings, or the run failed.</exception>
    public ComparedRun? Run(PlannedRun planned, int threads, Action<string> report, CancellationToken stop)
    {
        string place = Path.Combine(path, planned.Name, string.Create(CultureInfo.InvariantCulture, $"seed-{planned.Seed}"));
        string kept = Path.Combine(place, "experiment.json");
        bool isThere = System.IO.File.Exists(kept);
        if (isThere && !System.IO.File.ReadAllBytes(kept).AsSpan().SequenceEqual(planned.Experiment.ToBytes()))
            throw new CliException(ExitCode.Output,
                $"'{place}' has a run of other settings. Compare into another folder with --out, or remove that one.");
        if (!isThere || !System.IO.File.Exists(Path.Combine(place, "report.html")))
        {
            string[] which = isThere ? ["--resume"] : planned.Arguments;
            if (!RunProcess.Run([.. which, "--out", place, "--threads", threads.ToString(CultureInfo.InvariantCulture)], report,
                stop))
                return null;
        }

        return Read(planned.Seed, place);
    }

    static ComparedRun Read(long seed, string place)
    {
        var result = JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(Path.Combine(place, "result.json")),
            MetricsJson.Default.RunResult)!;
        using var log = new MetricsLog(Path.Combine(place, "metrics.jsonl"), result.Rounds);
        return new ComparedRun(seed, [.. log.Rounds], result);
    }
}
