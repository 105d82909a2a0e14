using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Plume.Cli.Compare;
using Plume.Cli.Errors;
using Plume.Compression.Container;

namespace Plume.Cli.Commands;

/// <summary><c>plume compare</c>: runs experiments by several seeds and puts them into one table.</summary>
static class CompareCommand
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    sealed record Request(string[] Files, string Seeds, string Out, string[] Overrides, int Threads, bool Json);

    public static Command Create()
    {
        var files = new Argument<string[]>("experiments") { Description = "Experiment files; the first is what the others are compared with.", Arity = ArgumentArity.OneOrMore };
        var seeds = new Option<string>("--seeds") { Description = "The seeds of each, after one another: 1,2,3.", DefaultValueFactory = _ => "1,2,3" };
        var folder = new Option<string>("--out") { Description = "Where runs and table go. Runs that are there are not run again, and one that was stopped goes on.", DefaultValueFactory = _ => "comparison" };
        var overrides = new Option<string[]>("--set") { Description = "Override a key of all experiments: --set rounds=10.", AllowMultipleArgumentsPerToken = false, DefaultValueFactory = _ => [] };
        var threads = new Option<int>("--threads") { Description = "Clients that train side by side; the result does not depend on it.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var json = new Option<bool>("--json") { Description = "Print the rows as a JSON array; progress goes to standard error." };
        var command = new Command("compare", "Run experiments by several seeds, and put accuracy, bytes, time and what ships side by side.") { files, seeds, folder, overrides, threads, json };
        command.SetAction((line, stop) => Task.FromResult((int)Run(
            new Request(line.GetValue(files)!, line.GetValue(seeds)!, line.GetValue(folder)!, line.GetValue(overrides)!, line.GetValue(threads), line.GetValue(json)), stop)));
        return command;
    }

    static ExitCode Run(Request request, CancellationToken stop)
    {
        if (request.Threads < 1)
            throw new CliException(ExitCode.Usage, $"--threads must be 1 or more, but is {request.Threads}.");
        long[] seeds = SeedsOf(request.Seeds);
        var folder = new ComparisonFolder(request.Out);
        var rows = new List<ComparedExperiment>();
        var progress = request.Json ? Console.Error : Console.Out;
        foreach (var bySeed in ComparedExperiment.Read(request.Files, request.Overrides, seeds))
        {
            var runs = new List<ComparedRun>();
            string name = bySeed[0].Get<string>("name");
            foreach (var (settings, seed) in bySeed.Zip(seeds))
            {
                int rounds = settings.Int32("rounds");
                if (folder.Run(settings, request.Threads, round => Told(progress, name, seed, round, rounds), stop) is not { } run)
                {
                    Tell.Note($"Stopped. The same command goes on from there.");
                    return ExitCode.Stopped;
                }

                progress.WriteLine($"{name}, seed {seed}: {Quantity.Percent(run.Result.Accuracy)}, {Quantity.Bytes(run.Result.UplinkBytes + run.Result.DownlinkBytes)} both ways");
                runs.Add(run);
            }

            rows.Add(new ComparedExperiment(name, bySeed[0], runs) { ModelBytes = folder.ModelBytes(name, runs) });
        }

        Write(request, folder, rows, seeds);
        return ExitCode.Done;
    }

    static void Told(TextWriter progress, string name, long seed, Runs.RoundLine round, int rounds)
    {
        if (round.Accuracy is not null && (round.Round % 10 == 0 || round.Round == rounds))
            progress.WriteLine($"  {name}, seed {seed}, round {round.Round}/{rounds}: {Quantity.Percent(round.Accuracy)}");
    }

    static void Write(Request request, ComparisonFolder folder, List<ComparedExperiment> rows, long[] seeds)
    {
        string json = ComparisonTable.Json(rows).ToJsonString(Indented) + "\n", text = ComparisonTable.Text(rows);
        AtomicFile.Write(folder.File("compare.json"), Encoding.UTF8.GetBytes(json));
        AtomicFile.Write(folder.File("compare.csv"), Encoding.UTF8.GetBytes(ComparisonTable.Csv(rows)));
        AtomicFile.Write(folder.File("compare.html"), Encoding.UTF8.GetBytes(ComparisonPage.Render(rows, $"{rows.Count} experiments, {(seeds.Length == 1 ? $"seed {seeds[0]}" : $"seeds {string.Join(", ", seeds)}")}")));
        Console.Out.Write(request.Json ? json : $"\n{text}\nTable, picture and figures are in {Compression.Wording.Printable.Line(Path.GetFullPath(request.Out))}\n");
    }

    static long[] SeedsOf(string text)
    {
        long[] seeds = [.. text.Split(',').Select(part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long seed)
            ? seed
            : throw new CliException(ExitCode.Usage, $"--seeds must be whole numbers after one another, such as 1,2,3, but is '{text}'."))];
        return seeds.Distinct().Count() == seeds.Length ? seeds : throw new CliException(ExitCode.Usage, $"--seeds names a seed twice: '{text}'.");
    }
}
