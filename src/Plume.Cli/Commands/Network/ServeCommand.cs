using System.Collections;
using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Plume.Cli.Errors;
using Plume.Cli.Network;
using Plume.Cli.Network.Serving;
using Plume.Pages.Hosting;
using Plume.Server.Federations.Definitions;
using Plume.Server.Flower;
using Plume.Server.Hosting;
using Plume.Server.Identity.Certificates;
using Plume.Server.Storage;
using Plume.Server.Storage.Postgres;

namespace Plume.Cli.Commands.Network;

/// <summary><c>plume serve</c>: hosts federations for clients anywhere.</summary>
static class ServeCommand
{
    public static Command Create()
    {
        var experiments = new Argument<string[]>(ServeKeys.Experiments.Shown)
        {
            Description = ServeKeys.Experiments.Key.Description,
            Arity = ArgumentArity.ZeroOrMore,
        };
        var config = new Option<string?>("--config")
        {
            Description = "A JSON file of settings, named as the options are: \"startWith\": 5.",
            HelpName = "FILE",
        };
        var command = new Command("serve",
            "Host federations for clients anywhere. Every setting may stand in a file (--config), in the environment "
                + "(PLUME_SERVE_START_WITH is --start-with) or here; what stands here beats the environment, which beats the "
                + "file.") { experiments, config };
        foreach (var setting in ServeKeys.All.Where(setting => setting != ServeKeys.Experiments))
            command.Add(setting.Option());
        command.SetAction(async (line, stop) =>
            (int)await RunAsync(ServeSettings.Read(line.GetValue(config), Environments(),
                setting => Given(line, setting == ServeKeys.Experiments ? experiments.Name : setting.Flag)), stop));
        return command;
    }

    // What the command line says, not what it leaves open.
    static IReadOnlyList<string>? Given(ParseResult line, string name) => line.GetResult(name) switch
    {
        System.CommandLine.Parsing.OptionResult { Implicit: false } option => option.Tokens.Count == 0 ? ["true"]
            : [.. option.Tokens.Select(token => token.Value)],
        System.CommandLine.Parsing.ArgumentResult { Tokens.Count: > 0 } argument =>
            [.. argument.Tokens.Select(token => token.Value)],
        _ => null,
    };

    static Dictionary<string, string> Environments() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "", StringComparer.Ordinal);

    static async Task<ExitCode> RunAsync(ServeSettings settings, CancellationToken stop)
    {
        if (settings.IsInsecure == (settings.Certs is not null))
            throw new CliException(ExitCode.Usage,
                "Give either --certs FOLDER (plume certs init makes one) or, for a trial on one machine, --insecure.");
        var federations = (settings.Experiments.Count == 0 ? [null] : settings.Experiments.Cast<string?>())
            .Select(file => ServedFederations.Load(file, [.. settings.Overrides], settings.Deadline, settings.StartWith,
                settings.Away, settings.UnusedPlace)).ToList();
        // What cannot be hosted is said before a folder is made for it.
        _ = InputErrors.Explain(() => new FederationCatalog(federations), ExitCode.Usage);
        using var authority = settings.Certs is null ? null
            : CertificateFolder.LoadAuthority(settings.Certs, TimeProvider.System);
        var served = authority is null ? null : ServedCertificate.Load(settings.Certs!, authority, TimeProvider.System);
        string? database = settings.Postgres is null ? null : DbCommand.ConnectionString(settings.Postgres);
        await using var postgres = database is null ? null : await DbCommand.OpenAsync(database, stop);
        var storage = postgres is null ? InFolder(settings.State)
            : new ServerStorage(postgres.Ledger, postgres.Blobs, postgres.Records);
        var options = new ServerOptions(federations, storage)
        {
            Cluster = database is null ? null
                : new ServerCluster(database, new SiloPlace(settings.Silo.Address, settings.Silo.Port, GatewayPort: 0)),
            Flower = settings.Flower is null ? null
                : new FlowerOptions
                {
                    Listen = settings.Flower,
                    ReservedPlaces = settings.Reserved,
                    Certificate = served?.Certificate
                },
            Limits = settings.Limits,
            Listen = settings.Listen,
            Metrics = settings.Metrics,
            RenewalGrace = settings.RenewalGrace,
            Tls = authority is null ? null : new ServerTls(served!, authority),
        };
        var app = InputErrors.Explain(() =>
            PlumeServer.Build(options, logging => ServeLog.Configure(logging, settings.IsLogJson, settings.IsVerbose)),
            ExitCode.Usage);
        await using (app)
        {
            await app.StartAsync(stop);
            if (storage.Note is { } note)
                Tell(note);
            string address = ServedAddress.For(
                app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First(),
                served?.Certificate);
            if (authority is not null && await FirstAdmin.InviteAsync(app.Services, settings.State, stop) is { } file)
                Tell($"Nobody is enrolled as an operator yet. Enrol one within a day: plume enrol {address} --root "
                    + $"{Path.Combine(settings.Certs!, CertificateFolder.RootCertificate)} --token-file {file} --name admin "
                    + $"--identity admin");
            Tell($"Serving {string.Join(", ", federations.Select(Outline))} at {address}");
            await using var page = await PageAsync(app, settings.Page, stop);
            if (page is not null)
                Tell($"See it in a browser of this machine: {page.Address}");
            await WaitAsync(app, stop);
        }

        return ExitCode.Done;

        void Tell(string text) =>
            ServeLog.Tell(app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Plume.Serve"), settings.IsLogJson,
                text);
    }

    static async Task<LivePage?> PageAsync(WebApplication app, PagePlace place, CancellationToken stop) =>
        place.Options is { } options ? await PlumeServer.StartPageAsync(app, options, stop) : null;

    static string Outline(FederationDefinition federation)
    {
        var plan = federation.Plan;
        int needed = plan.NeededFor(round: 1, attempt: 1);
        string opens = needed < plan.Clients ? $", the first opens with {needed}{(plan.StartWith < plan.Quorum ? ", its quorum" : "")}" : "";
        return $"{federation.Name} ({plan.Rounds} rounds, {plan.Clients} clients{opens})";
    }

    static ServerStorage InFolder(string path)
    {
        try
        {
            return ServerStorage.InFolder(path);
        }
        catch (InvalidDataException damage)
        {
            throw new CliException(ExitCode.Output, damage.Message, damage);
        }
    }

    static async Task WaitAsync(WebApplication app, CancellationToken stop)
    {
        try
        {
            await PlumeServer.WaitAsync(app, stop);
        }
        catch (InvalidDataException damage)
        {
            throw new CliException(ExitCode.Output, damage.Message, damage);
        }
    }
}
