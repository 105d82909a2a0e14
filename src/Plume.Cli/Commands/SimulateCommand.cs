using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Plume.Cli.Commands.OfRuns;
using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Network.Serving;
using Plume.Cli.Progress;
using Plume.Cli.Report;
using Plume.Cli.Runs;
using Plume.Cli.Setup;
using Plume.Cli.Setup.Sources;
using Plume.Cli.Terminal;
using Plume.Cli.Viewing;
using Plume.Compression.Files;
using Plume.Simulation;
using Spectre.Console;

namespace Plume.Cli.Commands;

/// <summary><c>plume simulate</c>: runs a federation in one process and leaves a run folder.</summary>
static class SimulateCommand
{
    sealed record Request(string? File, string? Codec, string[] Overrides, string? Out, bool Json, bool Resume, int Threads,
        bool NoBaseline, int SaveEvery, string? DumpUpdates, string[] Shadows, bool Measure, bool StopsWithInput, bool Open,
        string? Page);

    public static Command Create()
    {
        var file = new Argument<string?>("file")
        {
            Description = "The experiment; without it, digits over twenty clients.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var codec = new Option<string?>("--codec")
        {
            Description = "The codec of updates, the same as --set uplink=: \"topk(1%) | uniform(4) | rans\".",
        };
        var overrides = new Option<string[]>("--set")
        {
            Description = "Override a key of the experiment: --set client.epochs=2; null takes it back to its default.",
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => [],
        };
        var folder = new Option<string?>("--out") { Description = "The run folder; without it, a new one under runs." };
        var json = new Option<bool>("--json")
        {
            Description = "Print one JSON object at the end, and progress to standard error.",
        };
        var resume = new Option<bool>("--resume") { Description = "Go on with the stopped run in --out." };
        var threads = RunOptions.Threads();
        var noBaseline = new Option<bool>("--no-baseline") { Description = "Leave the 32-bit run out." };
        var saveEvery = new Option<int>("--save-every")
        {
            Description = "Seconds from one checkpoint to the next: what a kill loses at most.",
            DefaultValueFactory = _ => 60,
        };
        var dump = new Option<string?>("--dump-updates")
        {
            Description = "Write every update that the server takes in, as it was before feedback and codec, into this folder: "
                + "what plume bench codec reads.",
        };
        var shadows = new Option<string[]>("--shadow")
        {
            Description = "Also encode each update by this line, and say what it would cost and how good its model is: "
                + "\"feedback | topk(1%)\", or \"UPLINK; DOWNLINK\". Changes no bit of the run; may be repeated.",
            DefaultValueFactory = _ => [],
        };
        var measure = new Option<bool>("--measure")
        {
            Description = "At the end, also measure what ships on each client's own samples (clients.csv), and its latency.",
        };
        var open = new Option<bool>("--open")
        {
            Description = "Show the run on a page while it goes on, and after it until Ctrl-C; start a browser if there is one.",
        };
        var page = new Option<string?>("--page")
        {
            Description = "The same without a browser, on a page at this address of loopback. "
                + $"[default with --open: {PagePlace.Usual}]",
            HelpName = "ADDRESS:PORT",
        };
        var stopsWithInput = new Option<bool>("--stop-with-input") { Hidden = true };
        var command = new Command("simulate", "Run a federation in one process.")
        {
            file, codec, overrides, folder, json, resume, threads, noBaseline, saveEvery, dump, shadows, measure, open, page,
            stopsWithInput,
        };
        command.SetAction(line =>
            (int)Run(new Request(line.GetValue(file), line.GetValue(codec), line.GetValue(overrides)!, line.GetValue(folder),
                line.GetValue(json), line.GetValue(resume), line.GetValue(threads), line.GetValue(noBaseline),
                line.GetValue(saveEvery), line.GetValue(dump), line.GetValue(shadows)!, line.GetValue(measure),
                line.GetValue(stopsWithInput), line.GetValue(open), line.GetValue(page))));
        return command;
    }

    static ExitCode Run(Request request)
    {
        // Everything that can be wrong is found before a folder is made.
        var experiment = Read(request);
        var inputs = Inputs.Load(experiment);
        var options = ShadowLines.In(Federations.Compressed(experiment, inputs, request.Threads), request.Shadows);
        inputs = inputs.WithTeachers(experiment, request.Threads);
        if (request.DumpUpdates is not null && !options.Plan.Method.SendsUpdates)
            throw new CliException(ExitCode.Usage,
                $"--dump-updates writes updates, and a client of '{experiment.Exchange}' sends no updates; "
                    + $"leave it out.");
        if (request.DumpUpdates is not null && options.Plan.Uplink is { IsSecure: true } uplink)
            throw new CliException(ExitCode.Usage,
                $"--dump-updates writes single updates, and under '{uplink}' nobody sees one; leave it out.");
        UpdateDump? dump = null;
        RunFolder? folder = null;
        using var signals = new StopSignals(Abandon);
        if (request.StopsWithInput)
            signals.StopWithInput();
        using var dumped = dump = request.DumpUpdates is null ? null
            : UpdateDump.Open(request.DumpUpdates, options.Plan.Rounds, options.Plan.Clients, request.Resume);
        using var made = folder = request.Resume ? RunFolder.Resume(request.Out!) : NewFolder(request, experiment);
        bool withBaseline = experiment.HasBaseline;
        using var runs = new Comparison(
            new FederatedRun(options with { SpillFolder = folder.Folder }, inputs, folder.Metrics, folder.Checkpoint, dump is null
                ? null : dump.Write),
            withBaseline ? new FederatedRun(Federations.Baseline(experiment, inputs, request.Threads) with
            { SpillFolder = folder.Folder }, inputs with { Graph = inputs.Floats, Teachers = Teachers.None },
                folder.BaselineMetrics, folder.BaselineCheckpoint) : null);

        string subtitle = Subtitle(options, inputs);
        var outline = new RunOutline(experiment.Name, subtitle, options.Plan.Rounds, withBaseline)
        {
            Measure = experiment.Measure,
        };
        using var shown = !request.Open && request.Page is null ? null
            : ShownRun.Start(folder.Folder, ViewCommand.Read(request.Page ?? PagePlace.Usual), request.Json, request.Open);
        try
        {
            bool finished = Follow(request, outline, runs, Keep, signals.Stopped);
            Keep();
            if (!finished)
                return Interrupt(request, outline, folder, runs);
            var result = RunFiles.Write(folder, experiment, subtitle, inputs, runs, request.Threads, request.Measure);
            runs.Close();
            Report(request, result, folder, experiment);
            if (result.Accuracy is { } reached && ChanceHint.Of(reached, inputs.Test) is { } hint)
                Tell.Note($"{hint}");
            shown?.Stay(signals.Stopped);
            return ExitCode.Done;
        }
        catch (Exception failed) when (folder.IsKept && Failure.Explain(failed) is { Code: not ExitCode.Defect } told)
        {
            throw new CliException(told.Code,
                $"{told.Message} The rounds before are in '{folder.Folder}', and --resume goes on from there with the same "
                    + $"settings.", failed);
        }

        void Keep()
        {
            folder.Keep();
            dump?.Keep();
        }

        void Abandon()
        {
            dump?.Dispose();
            folder?.Abandon();
        }
    }

    static bool Follow(Request request, RunOutline outline, Comparison runs, Action keep, CancellationToken stopped)
    {
        bool finished = false;
        ViewFor(request).Follow(outline,
            report => finished = runs.Run(outline.Rounds, TimeSpan.FromSeconds(request.SaveEvery), done =>
        {
            keep();
            report(done);
        }, stopped));
        return finished;
    }

    static ExitCode Interrupt(Request request, RunOutline outline, RunFolder folder, Comparison runs)
    {
        runs.Save();
        Tell.Note($"Stopped after round {runs.Compressed.Rounds.Count} of {outline.Rounds}. Go on with: plume simulate --out "
            + $"{folder.Folder} --resume{(request.DumpUpdates is null ? "" : $" --dump-updates {request.DumpUpdates}")}");
        return ExitCode.Stopped;
    }

    static void Report(Request request, RunResult result, RunFolder folder, Experiment experiment)
    {
        if (request.Json)
            Console.Out.WriteLine(JsonSerializer.Serialize(result with
            {
                Folder = Path.GetFullPath(folder.Folder),
                Seed = (long)experiment.Seed,
                Uplink = experiment.Uplink.Text,
                Downlink = experiment.Downlink.Text,
            }, MetricsJson.Default.RunResult));
        else
            Summary.Write(AnsiConsole.Console, result, folder.Folder, experiment.Measure);
    }

    static Experiment Read(Request request)
    {
        RunOptions.CheckThreads(request.Threads);
        if (request.Resume && request.Shadows.Length > 0)
            throw new CliException(ExitCode.Usage,
                "--shadow cannot go on with a stopped run: what shadows remember is not kept. Leave it out, or run anew.");
        if (request.SaveEvery < 0)
            throw new CliException(ExitCode.Usage, $"--save-every must not be negative, but is {request.SaveEvery}.");
        if (!request.Resume)
            return ExperimentFile.Read(request.File, [.. request.Overrides, .. Short(request)]);
        if (request.Out is null || request.File is not null || request.Overrides.Length > 0 || request.Codec is not null)
            throw new CliException(ExitCode.Usage,
                "--resume goes on with the settings of the run in --out: name that folder, and leave the file, --codec and --set "
                    + "out.");
        return ExperimentFile.Read(RunFolder.Resume(request.Out).Experiment, []);
    }

    // Options that stand for a key.
    static IEnumerable<string> Short(Request request)
    {
        if (request.Codec is not null)
            yield return $"uplink={request.Codec}";
        if (request.NoBaseline)
            yield return "baseline=false";
    }

    static RunFolder NewFolder(Request request, Experiment experiment)
    {
        string name = $"{experiment.Name}-{TimeProvider.System.GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}";
        var folder = RunFolder.Create(request.Out ?? Path.Combine("runs", name));
        AtomicFile.Write(folder.Experiment, experiment.ToBytes());
        if (experiment.HasBaseline)
            folder.AddBaseline();
        return folder;
    }

    static IProgressView ViewFor(Request request) => request.Json ? new LineView(Console.Error)
        : Console.IsOutputRedirected ? new LineView(Console.Out)
        : new LiveView(AnsiConsole.Console);

    static string Subtitle(SimulationOptions options, Inputs inputs) =>
        $"{options.Plan.Clients} clients, {options.Plan.Participants} a round, {inputs.Train.Name}, {inputs.Graph.Name} of "
            + $"{inputs.Graph.Weights.Length.ToString("N0", CultureInfo.InvariantCulture)} parameters";
}
