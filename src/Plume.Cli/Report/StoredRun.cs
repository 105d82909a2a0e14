using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Runs;

namespace Plume.Cli.Report;

/// <summary>A run as its folder has it.</summary>
/// <param name="Experiment">What was run.</param>
/// <param name="Rounds">Its rounds.</param>
/// <param name="Baseline">The rounds of the same with 32-bit floats; null where it was not run.</param>
/// <param name="Result">What it came to; null where it was stopped.</param>
/// <param name="Details">What else a report says; null where the folder was left by an older program, or the run was stopped.</param>
sealed record StoredRun(Experiment Experiment, IReadOnlyList<RoundLine> Rounds, IReadOnlyList<RoundLine>? Baseline,
    RunResult? Result,
    RunDetails? Details)
{
    /// <summary>Whether all of it was run and written.</summary>
    public bool IsComplete => Result is not null;

    /// <summary>Its report.</summary>
    public RunReport Report => new(
        Experiment.Name,
        Details?.Subtitle ?? $"{Rounds.Count} of {Experiment.Rounds} rounds",
        new Track("compressed", Rounds, Experiment.Uplink.Text, Experiment.Downlink.Text),
        Baseline is { Count: > 0 } ? new Track("fp32", Baseline, "pack", "pack") : null,
        Details?.Tensors ?? [],
        [.. Experiment.Written()],
        [.. (Details?.MadeWith ?? []).Select(each => (each.Name, each.Version))])
    {
        Links = Experiment.Links is not null ? Experiment.Links.ToString() : null,
        Result = Result,
        Measure = Experiment.Measure,
    };

    /// <summary>Reads a run folder.</summary>
    /// <exception cref="CliException">There is no run in it, or a file of it is cut, damaged or of a newer form.</exception>
    /// <exception cref="ExperimentException">Its experiment is none.</exception>
    public static StoredRun Read(RunFolder folder)
    {
        var experiment = ExperimentFile.Read(folder.Experiment, []);
        var details = Object(folder.Details, DetailsJson.Default.RunDetails);
        if (details is { Version: not RunDetails.NewestVersion })
            throw new CliException(ExitCode.Input, $"'{folder.Details}' is of form {details.Version}, but this program reads "
                + $"{RunDetails.NewestVersion}. Use the version of plume that wrote it.");
        if (details is not null && (details.Subtitle is null || details.Tensors is null || details.MadeWith is null))
            throw new CliException(ExitCode.Input, $"'{folder.Details}' lacks a part. Remove it to go without.");
        return new StoredRun(experiment, Lines(folder.Metrics), File.Exists(folder.BaselineMetrics)
            ? Lines(folder.BaselineMetrics) : null,
            Object(folder.Result, MetricsJson.Default.RunResult), details);
    }

    static T? Object<T>(string path, JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllText(path, Encoding.UTF8), type) : null;
        }
        catch (JsonException damage)
        {
            throw new CliException(ExitCode.Input, $"'{path}' is cut, damaged or of another version: {damage.Message}", damage);
        }
    }

    static List<RoundLine> Lines(string path)
    {
        var lines = new List<RoundLine>();
        foreach (string text in File.ReadLines(path, Encoding.UTF8))
        {
            try
            {
                var line = JsonSerializer.Deserialize(text, MetricsJson.Default.RoundLine);
                bool isNext = line is { Bounded: not null, Refused: not null } && line.Round == lines.Count + 1;
                lines.Add(isNext ? line! : throw new JsonException("it is not the next round's"));
            }
            catch (JsonException damage)
            {
                throw new CliException(ExitCode.Input, $"Line {lines.Count + 1} of '{path}' is cut, damaged or of another version: "
                    + $"{damage.Message}", damage);
            }
        }

        return lines;
    }
}
