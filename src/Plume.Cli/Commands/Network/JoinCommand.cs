using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Cli.Network;
using Plume.Cli.Outputs;
using Plume.Cli.Runs;
using Plume.Cli.Setup.Sources;
using Plume.Cli.Terminal;
using Plume.Client;
using Plume.Client.Identity;
using Plume.Compression.Weights;
using Plume.Federation.Capacities;
using Plume.Federation.Learners;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Zoo;
using Plume.Server.Identity;

namespace Plume.Cli.Commands.Network;

/// <summary><c>plume join</c>: takes part in a federation with data that stays here.</summary>
static class JoinCommand
{
    sealed record Request(Uri Server, string Federation, string? Name, Places Places, Capacity? Capacity, string State,
        string? Experiment, string[] Overrides, string? Data, string Label, LocalLearners Learners, string? Root, string? Known,
        double? LeastNoise, string? Output);

    public static Command Create()
    {
        var server = new Argument<string>("server") { Description = "The server's address: https://host:7443." };
        var federation = new Option<string>("--federation")
        {
            Description = "The federation: the name in its experiment.",
            DefaultValueFactory = _ => "digits",
        };
        var name = new Option<string?>("--name")
        {
            Description = "The client's name, on a server without TLS; otherwise it is in the certificate.",
        };
        var number = new Option<string?>("--number")
        {
            Description = "The place wanted, from 0; without it, the server gives one. For trials without TLS, several clients "
                + "in this process: 0-9.",
        };
        var capacity = new Option<string?>("--capacity")
        {
            Description = "The largest share of each layer's channels that this machine can train, where the federation has "
                + "sub-models: 1, or a fraction such as 1/4.",
        };
        var state = new Option<string>("--state")
        {
            Description = "The client's folder: its certificate (plume enrol --identity FOLDER) and what must survive a kill.",
            DefaultValueFactory = _ => "client",
        };
        var experiment = new Option<string?>("--experiment")
        {
            Description = "For trials: learn from the part of this experiment's data that the place has.",
        };
        var overrides = new Option<string[]>("--set")
        {
            Description = "Override a key of that experiment; null takes it back to its default.",
            DefaultValueFactory = _ => [],
        };
        var data = new Option<string?>("--data") { Description = $"The client's own data: {DataSource.Kinds}." };
        var label = new Option<string>("--label")
        {
            Description = "The column of a table that holds the class.",
            DefaultValueFactory = _ => "label",
        };
        var teacher = new Option<string?>("--teacher")
        {
            Description = "The teacher, .onnx or .plume, where the federation's clients learn from one (distill); it stays "
                + "here. Without it, the experiment's.",
        };
        var localModel = new Option<string?>("--local-model")
        {
            Description = $"The model that stays here, where the federation has such (mutual, predictions): a built-in model "
                + $"({string.Join(", ", ModelZoo.Names)}) or an .onnx file. Without it, the federation's.",
        };
        var publicSamples = new Option<string?>("--public")
        {
            Description = "The public samples, FILE.npy, where the federation's clients exchange predictions on some: the very "
                + "same that all have. With --experiment, that one's.",
        };
        var root = new Option<string?>("--root")
        {
            Description = "root.pem of the server; without it, servers are believed that this machine believes.",
        };
        var known = new Option<string?>("--known")
        {
            Description = "Where updates are added up in secret: a file with the names of the clients to add up with, one a "
                + "line, as they were told out of band. Without it, any that has a certificate of the server's root.",
        };
        var leastNoise = new Option<double?>("--least-noise")
        {
            Description = "Take part only where clients add this noise or more to a secure sum, all together, as a multiple of the "
                + "norm that each update is cut to (privacy.noise of the experiment).",
        };
        var output = new Option<string?>("-o", "--output") { Description = "The file for the model at the end, as .onnx." };
        var command = new Command("join", "Take part in a federation with data that stays here.")
        {
            server, federation, name, number, capacity, state, experiment, overrides, data, label, teacher, localModel,
            publicSamples, root, known, leastNoise, output,
        };
        command.SetAction(async (line, stop) =>
            (int)await RunAsync(new Request(Address(line.GetValue(server)!), line.GetValue(federation)!, line.GetValue(name),
                Places.Parse(line.GetValue(number)), CapacityOf(line.GetValue(capacity)), line.GetValue(state)!,
            line.GetValue(experiment), line.GetValue(overrides)!, line.GetValue(data), line.GetValue(label)!,
            LocalLearners.With(line.GetValue(teacher), line.GetValue(localModel), line.GetValue(publicSamples)),
            line.GetValue(root), line.GetValue(known), line.GetValue(leastNoise), line.GetValue(output)), stop));
        return command;
    }

    static async Task<ExitCode> RunAsync(Request request, CancellationToken stop)
    {
        if (request.Data is null == request.Experiment is null)
            throw new CliException(ExitCode.Usage,
                "Name the client's data with --data, or for a trial the experiment whose data is dealt out with --experiment.");
        using var output = request.Output is null ? null
            : OutputFile.At(request.Output,
                [request.Data, request.Experiment, request.Learners.Teacher, request.Learners.LocalModel]);
        Func<FederationTerms, ILearner> learner = request.Data is { } data ? request.Learners.Of(data, request.Label)
            : request.Learners.Dealt(request.Experiment!, request.Overrides);
        var training = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watch = new DivergenceWatch(leaving);
        (JoinResult Result, ModelGraph? Graph)[] joined;
        try
        {
            joined = await Task.WhenAll(
                request.Places.Numbers.Select(number =>
                    OrLeaveAsync(() => JoinAsync(OptionsOf(request, number, training, watch),
                        terms => watch.Over(MayShip(terms, output) ? learner(terms)
                            : throw new ArgumentException(
                                "Its server alone has the model that ships: leave --output out, and take the model with plume "
                                    + "fetch.")), leaving.Token), leaving)));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            watch.Check();
            throw;
        }

        watch.Check();
        var (result, graph) = joined[0];
        if (output is not null && graph is not null && !result.Model.IsEmpty)
        {
            output.Write(ShippedModel.Of(graph.With(new ModelWeights(graph.Weights, result.Model.ToArray())), null,
                output.Path).Bytes);
            output.Keep();
        }

        Tell.Result($"{(result.IsFinished ? $"The federation has finished with version {result.LastVersion}." : $"The federation has ended with version {result.LastVersion}{(result.Message.Length == 0 ? "." : $": {result.Message}")}")}");
        return result.IsFinished ? ExitCode.Done : ExitCode.Run;
    }

    static bool MayShip(FederationTerms terms, OutputFile? output) => output is null || !terms.Method.KeepsModel;

    static async Task<(JoinResult Result, ModelGraph? Graph)> JoinAsync(ClientOptions options,
        Func<FederationTerms, ILearner> learner, CancellationToken stop)
    {
        FederationTerms? known = null;
        var result = await FederatedClient.JoinAsync(options, terms => learner(known = terms), stop);
        return (result, known is null ? null : OnnxFile.Read(known.Graph));
    }

    // Of several clients none goes on without the others: they could wait for the one that is missing for ever.
    static async Task<T> OrLeaveAsync<T>(Func<Task<T>> join, CancellationTokenSource leaving)
    {
        try
        {
            return await join();
        }
        catch
        {
            await leaving.CancelAsync();
            throw;
        }
    }

    static Capacity? CapacityOf(string? text) => text is null ? null
        : Capacity.TryParse(text)
        ?? throw new CliException(ExitCode.Usage,
            $"--capacity must be 1 or a fraction above 0 and below it, such as 1/4, but is '{text}'.");

    static string[]? NamesIn(string? file) => file is null ? null
        : [.. File.ReadAllLines(file).Select(line => line.Trim()).Where(line => line.Length > 0)];

    static Uri Address(string text) => ServerConnection.Parse(text);

    static ClientOptions OptionsOf(Request request, int? number, TaskScheduler training, DivergenceWatch watch)
    {
        var certificate = request.Server.Scheme == Uri.UriSchemeHttps
            ? ClientCertificate.Load(request.State)
            ?? throw new CliException(ExitCode.Usage,
                $"The folder '{request.State}' has no certificate. Enrol first: plume enrol {request.Server}{(request.Root is { } root ? $" --root {root}" : "")} "
                    + $"--name NAME --token-file FILE --identity {request.State}")
            : null;
        if (certificate is null && request.Name is { } own && !ClientName.IsValid(own))
            throw new CliException(ExitCode.Usage,
                $"A client's name must be 1 to {ClientName.MaxLength} letters, digits, dots, dashes and underscores, but is "
                    + $"'{own}'.");
        bool isOne = request.Places.Numbers.Count == 1;
        if (!isOne && certificate is not null)
            throw new CliException(ExitCode.Usage, "With TLS a client is one place: give --number one number.");
        string given = certificate?.Name ?? request.Name
            ?? throw new CliException(ExitCode.Usage, "On a server without TLS a client names itself: --name NAME.");
        string name = isOne ? given : $"{given}-{number}";
        return new ClientOptions
        {
            Server = request.Server,
            Federation = request.Federation,
            Name = name,
            Number = number,
            Capacity = request.Capacity,
            Folder = isOne ? request.State : Path.Combine(request.State, name),
            NeedsGraph = true,
            Training = training,
            RootFile = request.Root,
            Known = NamesIn(request.Known),
            LeastNoise = request.LeastNoise is null or > 0 and < double.PositiveInfinity ? request.LeastNoise
                : throw new CliException(ExitCode.Usage, $"--least-noise must be above 0, but is {request.LeastNoise}."),
            Identity = certificate,
            Progress = watch.Before(new ClientLines(name, Console.Error, TimeProvider.System)),
        };
    }
}
