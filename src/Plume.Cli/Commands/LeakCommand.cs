using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Leaks;
using Plume.Cli.Runs;
using Plume.Cli.Setup;
using Plume.Compression.Codecs;
using Plume.Compression.Files;

namespace Plume.Cli.Commands;

/// <summary>
/// <c>plume leak</c>: runs an experiment by one uplink after another, and says how much of clients' samples a server that reads
/// along recovers.
/// </summary>
static class LeakCommand
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    sealed record Request(string? File, string[] Uplinks, string? Rounds, int? Clients, int? Samples, string? Page,
        string[] Overrides, int Threads, bool Json);

    public static Command Create()
    {
        var file = new Argument<string?>("file")
        {
            Description = "The experiment; without it, digits over twenty clients.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var uplinks = new Option<string[]>("--uplink")
        {
            Description = "A further line to compare, without noise; may be repeated. Floats, the experiment's own and a secure "
                + "sum are compared anyway.",
            DefaultValueFactory = _ => [],
        };
        var rounds = new Option<string?>("--rounds")
        {
            Description = "Rounds whose updates are read, with commas between. Without it, 1,3,5.",
        };
        var clients = new Option<int?>("--clients")
        {
            Description = "Clients whose updates are read in each of these rounds. Without it, 5.",
        };
        var samples = new Option<int?>("--samples")
        {
            Description = "Samples that each client keeps: how much those with little data give away. Without it, all.",
        };
        var page = new Option<string?>("--out")
        {
            Description = "Write the table and pictures of samples as an .html page, too.",
        };
        var overrides = new Option<string[]>("--set")
        {
            Description = "Override a key of the experiment: --set client.epochs=1.",
            DefaultValueFactory = _ => [],
        };
        var threads = RunOptions.Threads();
        var json = RunOptions.JsonRows();
        var command = new Command("leak", "Say how much of clients' samples a server that reads updates recovers.")
        {
            file, uplinks, rounds, clients, samples, page, overrides, threads, json,
        };
        command.SetAction(line =>
            (int)Run(new Request(line.GetValue(file), line.GetValue(uplinks)!, line.GetValue(rounds), line.GetValue(clients),
            line.GetValue(samples), line.GetValue(page), line.GetValue(overrides)!, line.GetValue(threads),
            line.GetValue(json))));
        return command;
    }

    static ExitCode Run(Request request)
    {
        RunOptions.CheckThreads(request.Threads);
        LeakLine[] asked = [.. request.Uplinks.Select(Asked)];
        var experiment = ExperimentFile.Read(request.File, [.. request.Overrides, "baseline=false"]);
        if (experiment.Data.Target is not null)
            throw experiment.Wrong("data.target", "plume leak attacks clients with classes, but data.target is a number to predict.");
        using var trials = new LeakTrials(experiment, request.Rounds, request.Clients, request.Samples, request.Threads);
        var progress = request.Json ? Console.Error : Console.Out;
        var lines = LinesOf(trials, asked, progress);
        if (trials.Attacks.Misfit is { } partly)
            progress.WriteLine(partly);

        using var signals = new StopSignals(() => { });
        var rows = new List<LeakRow>();
        foreach (var line in lines)
        {
            if (trials.Run(line, signals.Stopped) is not { } read)
                return ExitCode.Stopped;
            rows.AddRange(read);
            foreach (var row in read)
                progress.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{row.UplinkName}, {row.ReaderName}: AUC {row.Membership.Area:0.000}"));
        }

        rows = [.. rows.OrderBy(row => row.Reader == Reader.Nobody)];

        Write(request, experiment, trials, rows);
        return ExitCode.Done;
    }

    // What was asked for must fit; what is compared by itself is left out, with the reason, where it does not.
    static List<LeakLine> LinesOf(LeakTrials trials, LeakLine[] asked, TextWriter progress)
    {
        foreach (var line in asked)
        {
            if (trials.Misfit(line) is { } misfit)
                throw new CliException(ExitCode.Usage, $"--uplink: {misfit}");
        }

        var lines = new List<LeakLine>();
        foreach (var line in LeakLine.Usual(trials.Plan))
        {
            if (trials.Misfit(line) is { } misfit)
                progress.WriteLine($"'{line.Name}' is left out. {misfit}");
            else
                lines.Add(line);
        }

        lines.AddRange(asked.Where(line => lines.All(other => other.Name != line.Name)).DistinctBy(line => line.Name));
        return lines;
    }

    static LeakLine Asked(string text) =>
        new(WrittenOption.Read("--uplink", text, Codec.Parse), Privacy: null, [Reader.Server]);

    static void Write(Request request, Experiment experiment, LeakTrials trials, List<LeakRow> rows)
    {
        string subtitle = string.Create(CultureInfo.InvariantCulture,
            $"{rows[0].Membership.Updates} updates of {trials.Plan.Participants} a round, in rounds "
                + $"{string.Join(", ", trials.Question.Rounds)}; {rows[0].Membership.Samples} samples of clients, and as many of "
                + $"the same classes that nobody has");
        if (request.Page is not null)
            AtomicFile.Write(request.Page,
                Encoding.UTF8.GetBytes(LeakPage.Render(experiment.Name, subtitle, trials.Attacks, rows)));
        Console.Out.Write(request.Json ? LeakTable.Json(rows).ToJsonString(Indented) + "\n"
            : $"\n{subtitle}\n\n{LeakTable.Text(rows)}");
    }
}
