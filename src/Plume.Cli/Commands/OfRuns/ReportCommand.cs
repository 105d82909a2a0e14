using System.CommandLine;
using System.Text;
using Plume.Cli.Errors;
using Plume.Cli.Report;
using Plume.Cli.Runs;

namespace Plume.Cli.Commands.OfRuns;

/// <summary><c>plume report</c>: makes the pages of runs again.</summary>
static class ReportCommand
{
    public static Command Create()
    {
        var runs = new Argument<string[]>("runs") { Description = "Run folders.", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string?>("-o", "--output")
        {
            Description = "The file to write for one run; without it, report.html in each run's folder. Of a run that was stopped, whose "
                + "folder has no report until it is done, it shows the rounds so far.",
        };
        var command = new Command("report", "Make the pages of runs again from their folders.") { runs, output };
        command.SetAction(line => (int)Run(line.GetValue(runs)!, line.GetValue(output)));
        return command;
    }

    static ExitCode Run(string[] paths, string? output)
    {
        if (output is not null && paths.Length > 1)
            throw new CliException(ExitCode.Usage, $"--output names a file for one run, but {paths.Length} are named; leave it out.");
        // All are read before one is written.
        var read = paths.Select(path => (Path: path, Folder: RunFolder.Open(path))).Select(each =>
            (each.Path, each.Folder, Run: StoredRun.Read(each.Folder))).ToList();
        foreach (var (path, folder, run) in read)
        {
            // A report says that a run is done.
            if (!run.IsComplete && output is null)
                throw new CliException(ExitCode.Input, $"The run in '{path}' was stopped after {run.Rounds.Count} of {run.Experiment.Rounds} "
                    + "rounds. Go on with plume simulate --resume, or name a file with --output for a page of the rounds so far.");
            if (run.Rounds.Count == 0)
                throw new CliException(ExitCode.Input, $"The run in '{path}' has no finished round.");
            MadeOfRun.Write(folder, output ?? folder.Report, Encoding.UTF8.GetBytes(ReportPage.Render(run.Report)));
        }

        return ExitCode.Done;
    }
}
