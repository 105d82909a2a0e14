using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Plume.Cli.Compare;
using Plume.Cli.Errors;
using Plume.Cli.Runs;
using Plume.Cli.Setup;
using Plume.Cli.Terminal;
using Plume.Compression.Files;
using Plume.Pages.Charts;

namespace Plume.Cli.Commands;

/// <summary><c>plume compare</c>: runs experiments by several seeds and puts them into one table.</summary>
static class CompareCommand
{
    const int RoundsOfALine = 10;

    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    sealed record Request(string[] Files, string Seeds, string Out, string[] Overrides, int Threads, bool Json);

    public static Command Create()
    {
        var files = new Argument<string[]>("experiments")
        {
            Description = "Experiment files; the first is what the others are compared with.",
            Arity = ArgumentArity.OneOrMore,
        };
        var seeds = new Option<string>("--seeds")
        {
            Description = "The seeds of each, after one another: 1,2,3.",
            DefaultValueFactory = _ => "1,2,3",
        };
        var folder = new Option<string>("--out")
        {
            Description = "Where runs and table go. Runs that are there are not run again, and one that was stopped goes on.",
            DefaultValueFactory = _ => "comparison",
        };
        var overrides = new Option<string[]>("--set")
        {
            Description = "Override a key of all experiments: --set rounds=10.",
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => [],
        };
        var threads = RunOptions.Threads();
        var json = RunOptions.JsonRows();
        var command = new Command("compare",
            "Run experiments by several seeds, and put accuracy, bytes, time and what ships side by side.")
            {
                files, seeds, folder, overrides, threads, json,
            };
        command.SetAction(line => (int)Run(
            new Request(line.GetValue(files)!, line.GetValue(seeds)!, line.GetValue(folder)!, line.GetValue(overrides)!,
                line.GetValue(threads), line.GetValue(json))));
        return command;
    }

    static ExitCode Run(Request request)
    {
        RunOptions.CheckThreads(request.Threads);
        long[] seeds = SeedsOf(request.Seeds);
        var folder = new ComparisonFolder(request.Out);
        var rows = new List<ComparedExperiment>();
        // A run that is at work ends with this program, at the end of its round.
        using var signals = new StopSignals(() => { });
        foreach (var bySeed in PlannedRun.Read(request.Files, request.Overrides, seeds))
        {
            var runs = new List<ComparedRun>();
            foreach (var planned in bySeed)
            {
                if (Run(request, folder, planned, signals.Stopped) is not { } run)
                {
                    Tell.Note($"Stopped. The same command goes on from there.");
                    return ExitCode.Stopped;
                }

                runs.Add(run);
            }

            rows.Add(new ComparedExperiment(bySeed[0].Name, bySeed[0].Experiment, runs));
        }

        Write(request, folder, rows, seeds);
        return ExitCode.Done;
    }

    static ComparedRun? Run(Request request, ComparisonFolder folder, PlannedRun planned, CancellationToken stop)
    {
        if (stop.IsCancellationRequested)
            return null;
        var progress = request.Json ? Console.Error : Console.Out;
        int told = 0, rounds = planned.Experiment.Rounds;
        try
        {
            var run = folder.Run(planned, request.Threads, Told, stop);
            if (run is not null)
                progress.WriteLine($"{planned.Name}, seed {planned.Seed}: {Quantity.Percent(run.Result.Accuracy)}, "
                    + $"{Quantity.Bytes(run.Result.UplinkBytes + run.Result.DownlinkBytes)} both ways");
            return run;
        }
        catch (CliException failed) when (failed.Code != ExitCode.Output)
        {
            throw new CliException(failed.Code, $"{planned.Name}, seed {planned.Seed}: {failed.Message}", failed);
        }

        void Told(string line)
        {
            if (++told % RoundsOfALine == 0 || line.StartsWith($"round {rounds}/", StringComparison.Ordinal))
                progress.WriteLine($"  {planned.Name}, seed {planned.Seed}, {line}");
        }
    }

    static void Write(Request request, ComparisonFolder folder, List<ComparedExperiment> rows, long[] seeds)
    {
        string json = ComparisonTable.Json(rows).ToJsonString(Indented) + "\n", text = ComparisonTable.Text(rows);
        AtomicFile.Write(folder.File("compare.json"), Encoding.UTF8.GetBytes(json));
        AtomicFile.Write(folder.File("compare.csv"), Encoding.UTF8.GetBytes(ComparisonTable.Csv(rows)));
        AtomicFile.Write(folder.File("compare.html"),
            Encoding.UTF8.GetBytes(ComparisonPage.Render(rows,
                $"{rows.Count} experiments, {(seeds.Length == 1 ? $"seed {seeds[0]}" : $"seeds {string.Join(", ", seeds)}")}")));
        Console.Out.Write(request.Json ? json
            : $"\n{text}\nTable, picture and figures are in {Compression.Wording.Printable.Line(Path.GetFullPath(request.Out))}\n");
    }

    static long[] SeedsOf(string text)
    {
        long[] seeds = [.. text.Split(',')
            .Select(part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long seed)
            ? seed
            : throw new CliException(ExitCode.Usage,
                $"--seeds must be whole numbers after one another, such as 1,2,3, but is '{text}'."))];
        return seeds.Distinct().Count() == seeds.Length ? seeds
            : throw new CliException(ExitCode.Usage, $"--seeds names a seed twice: '{text}'.");
    }
}
