using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Cli.Exports;
using Plume.Cli.Report;
using Plume.Cli.Runs;

namespace Plume.Cli.Commands.OfRuns;

/// <summary><c>plume export</c>: a run's metrics and charts as other programs read them.</summary>
static class ExportCommand
{
    public static Command Create()
    {
        var run = new Argument<string>("run") { Description = "The run folder; the run may be unfinished." };
        var to = new Option<string>("--to")
        {
            Description = "csv or parquet: a row a round. tensorboard: a folder of event files. svg, png: a folder of the report's charts.",
            Required = true,
        };
        to.AcceptOnlyFromAmong("csv", "parquet", "tensorboard", "svg", "png");
        var output = new Option<string?>("-o", "--output")
        {
            Description = "The file or folder to write; without it, metrics.csv, metrics.parquet, tensorboard or charts in the run folder.",
        };
        var command = new Command("export", "Write a run's metrics or charts for other programs.") { run, to, output };
        command.SetAction(line => (int)Run(line.GetValue(run)!, line.GetValue(to)!, line.GetValue(output)));
        return command;
    }

    static ExitCode Run(string path, string kind, string? output)
    {
        var folder = RunFolder.Open(path);
        var run = StoredRun.Read(folder);
        if (run.Rounds.Count == 0)
            throw new CliException(ExitCode.Input, $"The run in '{path}' has no finished round, so there is nothing to export.");
        foreach (var (name, bytes) in kind switch
        {
            "csv" => [(output ?? Path.Combine(path, "metrics.csv"), MetricsTable.Csv(run))],
            "parquet" => [(output ?? Path.Combine(path, "metrics.parquet"), MetricsTable.Parquet(run))],
            "tensorboard" => Events(output ?? Path.Combine(path, "tensorboard"), run),
            _ => (kind == "png" ? ChartFiles.Png(run) : ChartFiles.Svg(run))
                .Select(chart => (Path.Combine(output ?? Path.Combine(path, "charts"), chart.Name), chart.Bytes)),
        })
            Write(folder, name, bytes);
        return ExitCode.Done;
    }

    static IEnumerable<(string, byte[])> Events(string folder, StoredRun run)
    {
        yield return (Path.Combine(folder, "compressed", EventFile.Name), EventFile.Of(run.Rounds));
        if (run.Baseline is { Count: > 0 } baseline)
            yield return (Path.Combine(folder, "fp32", EventFile.Name), EventFile.Of(baseline));
    }

    static void Write(RunFolder folder, string name, byte[] bytes)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(name)) is { } place && !Directory.Exists(place))
            new OutputFolder(place, "folder", "--output").Make();
        MadeOfRun.Write(folder, name, bytes);
    }
}
