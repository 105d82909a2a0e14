using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Plume.Cli.Attacks;
using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Runs;
using Plume.Cli.Setup;
using Plume.Compression.Files;
using Plume.Federation.Robustness;
using Plume.Pages.Charts;
using Plume.Simulation.Attacks;

namespace Plume.Cli.Commands;

/// <summary>
/// <c>plume attack</c>: runs an experiment with hostile clients, each attack against each rule, and puts the accuracies side by
/// side.
/// </summary>
static class AttackCommand
{
    static readonly string[] UsualAttacks = ["label-flip", "sign", "scale(10)", "ipm(0.5)", "alie(1.5)", "min-max", "noise(3)"];

    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    sealed record Request(string? File, string[] Attacks, string[] Rules, string Share, string? Page, string[] Overrides,
        int Threads, bool Json);

    public static Command Create()
    {
        var file = new Argument<string?>("file")
        {
            Description = "The experiment; without it, digits over twenty clients.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var attacks = new Option<string[]>("--attack")
        {
            Description = $"An attack; may be repeated: {string.Join(", ", AttackNotation.Words)}. Without it, all of them.",
            DefaultValueFactory = _ => [],
        };
        var rules = new Option<string[]>("--rule")
        {
            Description = $"A rule, as server.rule takes it, or \"{Defence.Bare}\"; may be repeated. Without it, all of them.",
            DefaultValueFactory = _ => [],
        };
        var clients = new Option<string>("--clients")
        {
            Description = "Clients that are hostile, a share or a number, which the rules are told.",
            DefaultValueFactory = _ => "20%",
        };
        var page = new Option<string?>("--out") { Description = "Write the table as an .html page, too." };
        var overrides = new Option<string[]>("--set")
        {
            Description = "Override a key of the experiment: --set rounds=60.",
            DefaultValueFactory = _ => [],
        };
        var threads = RunOptions.Threads();
        var json = RunOptions.JsonRows();
        var command = new Command("attack", "Run an experiment with hostile clients, each attack against each rule.")
        {
            file, attacks, rules, clients, page, overrides, threads, json,
        };
        command.SetAction(line =>
            (int)Run(new Request(line.GetValue(file), line.GetValue(attacks)!, line.GetValue(rules)!, line.GetValue(clients)!,
            line.GetValue(page), line.GetValue(overrides)!, line.GetValue(threads), line.GetValue(json))));
        return command;
    }

    static ExitCode Run(Request request)
    {
        RunOptions.CheckThreads(request.Threads);
        var experiment = ExperimentFile.Read(request.File, [.. request.Overrides, "baseline=false"]);
        var share = WrittenOption.Read("--clients", request.Share, Hostile.Parse);
        Attack[] attacks = [.. (request.Attacks.Length > 0 ? request.Attacks : UsualAttacks)
            .Select(text => WrittenOption.Read("--attack", text, AttackNotation.Parse))];
        var trials = new AttackTrials(experiment, share, request.Threads);
        var defences = DefencesOf(request, share, trials);

        using var signals = new StopSignals(() => { });
        var rows = new List<AttackRow>();
        foreach (var defence in defences)
        {
            if (RowOf(request, trials, defence, attacks, signals.Stopped) is not { } row)
                return ExitCode.Stopped;
            rows.Add(row);
        }

        Write(request, experiment, trials, [.. attacks.Select(attack => attack.ToString())], rows);
        return ExitCode.Done;
    }

    static Defence[] DefencesOf(Request request, Hostile share, AttackTrials trials)
    {
        // Of few samples none can be held out unasked.
        Defence[] defences = request.Rules.Length > 0
            ? [.. request.Rules.Select(text => WrittenOption.Read("--rule", text, Defence.Parse))]
            : [.. Defence.Usual(share, trials.Plan).Select(Defence.Parse).Where(defence =>
                defence.Rule is not FlTrust || trials.Misfit(defence) is null)];
        return defences.Select(trials.Misfit).OfType<string>().FirstOrDefault() is { } misfit
            ? throw new CliException(ExitCode.Usage, $"--rule: {misfit}") : defences;
    }

    static AttackRow? RowOf(Request request, AttackTrials trials, Defence defence, Attack[] attacks, CancellationToken stop)
    {
        var progress = request.Json ? Console.Error : Console.Out;
        var accuracies = new List<double>();
        foreach (var attack in attacks.Prepend(null))
        {
            if (trials.Run(defence, attack, stop) is not { } accuracy)
                return null;
            accuracies.Add(accuracy);
            progress.WriteLine($"{defence.Name}, {attack?.ToString() ?? "no attack"}: "
                + $"{(double.IsNaN(accuracy) ? "ruined" : Quantity.Percent(accuracy))}");
        }

        return new AttackRow(defence.Name, accuracies);
    }

    static void Write(Request request, Experiment experiment, AttackTrials trials, string[] attacks, List<AttackRow> rows)
    {
        string subtitle = string.Create(CultureInfo.InvariantCulture,
            $"{trials.Hostile.Count} of {trials.Plan.Clients} clients are hostile, {trials.Plan.Participants} a round, "
                + $"{trials.Plan.Rounds} rounds, uplink {trials.Plan.Uplink}");
        if (request.Page is not null)
            AtomicFile.Write(request.Page,
                Encoding.UTF8.GetBytes(AttackTable.Page(experiment.Name, subtitle, attacks, rows)));
        Console.Out.Write(request.Json ? AttackTable.Json(attacks, rows).ToJsonString(Indented) + "\n"
            : $"\n{subtitle}\n\n{AttackTable.Text(attacks, rows)}");
    }
}
