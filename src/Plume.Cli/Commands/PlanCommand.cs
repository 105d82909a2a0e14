using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Planning;
using Plume.Cli.Runs;
using Plume.Cli.Setup;
using Plume.Compression.Files;
using Plume.Compression.Wording;
using Plume.Federation.Books;
using Plume.Pages.Charts;
using Plume.Simulation.Shadows;

namespace Plume.Cli.Commands;

/// <summary>
/// <c>plume plan</c>: tries lines on the updates of a short probe, predicts what each costs and reaches, and writes the
/// experiment with the one to take.
/// </summary>
static class PlanCommand
{
    const int UsualRounds = 30;
    const double UsualLoss = 0.5;

    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    sealed record Request(string? File, double? Loss, string? Budget, string? Links, string[] Lines, int Rounds,
        int? RoundsAMonth, string[] Overrides, string? Out, int Threads, bool Json);

    public static Command Create()
    {
        var file = new Argument<string?>("file")
        {
            Description = "The experiment; without it, digits over twenty clients.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var loss = WrittenOption.MaybeNumber("--loss");
        loss.Description = "Take the fewest bytes at which at most so many points of accuracy are lost to floats; "
            + $"{UsualLoss} unless a budget is given.";
        var budget = new Option<string?>("--budget")
        {
            Description = "Take the best accuracy at which a client spends at most so many bytes in the mean, both "
                + "directions: 300kB or '300kB a client' in the whole run, '2MB a client a month' in any 30 days.",
        };
        var month = new Option<int?>("--rounds-a-month")
        {
            Description = "Rounds that the federation makes in 30 days, for a budget of a month: 30 where one opens each day.",
        };
        var links = new Option<string?>("--links")
        {
            Description = "The clients' links, to tell how long a round takes: the same as --set links=.",
        };
        var lines = new Option<string[]>("--line")
        {
            Description = "A line to try, too: \"UPLINK; DOWNLINK\"; may be repeated.",
            DefaultValueFactory = _ => [],
        };
        var rounds = new Option<int>("--rounds")
        {
            Description = "Rounds of the probe at most. Later ones are expected to cost what the last third of these do.",
            DefaultValueFactory = _ => UsualRounds,
        };
        var overrides = new Option<string[]>("--set")
        {
            Description = "Override a key of the experiment: --set rounds=60.",
            DefaultValueFactory = _ => [],
        };
        var folder = new Option<string?>("--out")
        {
            Description = "Write plan.html, plan.json and the experiment with the line, experiment.json, into this folder.",
        };
        var threads = RunOptions.Threads();
        var json = new Option<bool>("--json")
        {
            Description = "Print the plan as one JSON object; progress goes to standard error.",
        };
        var command = new Command("plan", "Find the line for a link or a budget, by a short probe.")
        {
            file, loss, budget, month, links, lines, rounds, overrides, folder, threads, json,
        };
        command.SetAction(line => (int)Run(new Request(line.GetValue(file), line.GetValue(loss), line.GetValue(budget),
            line.GetValue(links), line.GetValue(lines)!, line.GetValue(rounds), line.GetValue(month), line.GetValue(overrides)!,
            line.GetValue(folder), line.GetValue(threads), line.GetValue(json))));
        return command;
    }

    static ExitCode Run(Request request)
    {
        RunOptions.CheckThreads(request.Threads);
        if (request.Rounds < 1)
            throw new CliException(ExitCode.Usage, $"--rounds must be 1 or more, but is {request.Rounds}.");
        CheckBound(request);
        string[] overrides = [.. request.Overrides,
            .. request.Links is null ? Array.Empty<string>() : [$"links={request.Links}"], "baseline=false"];
        var experiment = ExperimentFile.Read(request.File, overrides);
        var bound = BoundOf(request, experiment.Rounds);
        var probe = new PlanProbe(experiment, request.Rounds, request.Threads);
        var asked = request.Lines.Select(text => Asked(text, probe)).ToList();
        var output = request.Out is null ? null : new OutputFolder(request.Out, "folder of the plan", "--out");
        try
        {
            output?.Make();
            output?.CheckWritable();
            return Run(request, bound, experiment, overrides, probe, asked, output);
        }
        finally
        {
            output?.Unmake();
        }
    }

    static ExitCode Run(Request request, PlanBound bound, Experiment experiment, string[] overrides, PlanProbe probe,
        List<ShadowLine> asked, OutputFolder? output)
    {
        using var signals = new StopSignals(() => { });
        var progress = request.Json ? Console.Error : Console.Out;
        ShadowLine[] lines = [.. asked.Prepend(probe.Given).Concat(CandidateLines.For(probe.Deviation()))
            .Where(line => line != probe.Floats).Distinct()];
        progress.WriteLine(
            $"A probe of {probe.Rounds} of {experiment.Rounds} rounds by floats, and {lines.Length} lines beside it");
        if (probe.Run(lines, Told, signals.Stopped) is not { } predictions)
            return ExitCode.Stopped;
        var chosen = bound.Choose(predictions, probe.Clients);
        Write(request, experiment, overrides, probe, predictions, bound, chosen, output);
        return ExitCode.Done;

        void Told(RoundMetrics round) =>
            progress.WriteLine($"round {round.Round}/{probe.Rounds}  {Quantity.Seconds(round.Seconds)}");
    }

    static ShadowLine Asked(string text, PlanProbe probe)
    {
        var line = WrittenOption.Read("--line", text, given => ShadowLine.Parse(given, probe.Given.Downlink));
        return probe.Misfit(line) is { } misfit ? throw new CliException(ExitCode.Usage, $"--line: {misfit}") : line;
    }

    static void Write(Request request, Experiment experiment, string[] overrides, PlanProbe probe,
        IReadOnlyList<Prediction> predictions, PlanBound bound, Prediction? chosen, OutputFolder? output)
    {
        var table = new PlanTable(predictions, chosen, probe.Clients) { Month = bound.Month };
        string json = table.Json().ToJsonString(Indented) + "\n";
        string subtitle = $"{probe.Clients} clients, {experiment.Rounds} rounds, of which a probe ran {probe.Rounds}";
        if (output is not null)
        {
            string folder = Path.GetFullPath(request.Out!);
            AtomicFile.Write(Path.Combine(folder, "plan.json"), Encoding.UTF8.GetBytes(json));
            AtomicFile.Write(Path.Combine(folder, "plan.html"), Encoding.UTF8.GetBytes(table.ToPage(experiment.Name, subtitle)));
            if (chosen is not null)
                AtomicFile.Write(Path.Combine(folder, "experiment.json"),
                    ExperimentFile.Read(request.File, [.. overrides, .. KeysOf(chosen)]).ToBytes());
        }

        if (request.Json)
        {
            Console.Out.Write(json);
            return;
        }

        Console.Out.WriteLine($"\n{table.Text()}");
        if (chosen is null)
            Console.Out.WriteLine("No line keeps the bound. Give it more, or try one of your own with --line.");
        else
            Console.Out.WriteLine($"\"uplink\": \"{chosen.Line.Uplink.Text}\",\n\"downlink\": \"{chosen.Line.Downlink.Text}\"");
        if (output is not null)
            Console.Out.WriteLine($"\nPicture and figures are in {Printable.Line(Path.GetFullPath(request.Out!))}"
                + (chosen is null ? ""
                : $"; plume simulate {Printable.Line(Path.Combine(request.Out!, "experiment.json"))} runs the line"));
    }

    // What was expected goes with the experiment, so that a run can say both.
    static IEnumerable<string> KeysOf(Prediction chosen) =>
    [
        $"uplink={chosen.Line.Uplink.Text}", $"downlink={chosen.Line.Downlink.Text}",
        string.Create(CultureInfo.InvariantCulture, $"planned.accuracy={chosen.Accuracy}"),
        $"planned.uplinkBytes={chosen.UplinkBytes}", $"planned.downlinkBytes={chosen.DownlinkBytes}",
    ];

    static void CheckBound(Request request)
    {
        if (request is { Loss: not null, Budget: not null })
            throw new CliException(ExitCode.Usage, "--loss bounds what is lost and --budget what is spent: give one of them.");
        if (request.Loss is { } points && !(points >= 0 && points <= 100))
            throw new CliException(ExitCode.Usage, $"--loss must be points of accuracy, 0 to 100, but is {points}.");
        if (request.RoundsAMonth is < 1)
            throw new CliException(ExitCode.Usage, $"--rounds-a-month must be 1 or more, but is {request.RoundsAMonth}.");
    }

    static PlanBound BoundOf(Request request, int rounds) => request.Budget is { } budget
        ? PlanBound.OfBudget(budget, rounds, request.RoundsAMonth)
        : request.RoundsAMonth is null ? new PlanBound(request.Loss ?? UsualLoss, null)
        : throw new CliException(ExitCode.Usage, "--rounds-a-month is for a budget that ends in 'a client a month': give --budget, too.");
}
