using System.CommandLine;
using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Plume.Cli.Errors;
using Plume.Cli.Network;
using Plume.Server.Flower;
using Plume.Server.Hosting;
using Plume.Server.Identity;
using Plume.Server.Storage;
using Plume.Server.Storage.Postgres;

namespace Plume.Cli.Commands.Network;

/// <summary><c>plume serve</c>: hosts federations for clients anywhere.</summary>
static class ServeCommand
{
    sealed record Request(string[] Files, string[] Overrides, string Data, string Listen, string? Certs, bool Insecure, string? Metrics, string? Postgres, string Silo, string? Flower, string Deadline, int? StartWith, string Away, bool Verbose);

    public static Command Create()
    {
        var files = new Argument<string[]>("experiment") { Description = "Experiments, one federation each; without one, digits over twenty clients.", Arity = ArgumentArity.ZeroOrMore };
        var overrides = new Option<string[]>("--set") { Description = "Override a key of the experiments: --set rounds=20.", DefaultValueFactory = _ => [] };
        var data = new Option<string>("--state") { Description = "The folder in which the server keeps what it must not lose.", DefaultValueFactory = _ => "plume-state" };
        var listen = new Option<string>("--listen") { Description = "Address and port for clients and operators.", DefaultValueFactory = _ => "127.0.0.1:7443" };
        var certs = new Option<string?>("--certs") { Description = "The folder of certificates; plume certs init makes one." };
        var insecure = new Option<bool>("--insecure") { Description = "No TLS: for trials on one machine. Clients name themselves." };
        var metrics = new Option<string?>("--metrics") { Description = "Address and port for health and metrics by plain HTTP: 127.0.0.1:9464." };
        var postgres = new Option<string?>("--postgres") { Description = "Be one server of a cluster: the connection string of a database that plume db apply prepared; 'env' takes PLUME_POSTGRES." };
        var silo = new Option<string>("--silo") { Description = "Address and port at which the cluster's other servers reach this one.", DefaultValueFactory = _ => "127.0.0.1:11111" };
        var flower = new Option<string?>("--flower") { Description = "Let Flower's Python clients in at this address and port. They are not authenticated: loopback only, or with --certs." };
        var deadline = Duration.Option("--deadline", "Time that a round's participants have.", "10m");
        var startWith = new Option<int?>("--start-with") { Description = "Clients that must have joined before the first round; without it, all." };
        var away = Duration.Option("--away", "How long a client may be silent before rounds no longer ask it.", "2m");
        var verbose = new Option<bool>("--verbose") { Description = "Log what the web server and the silo say, too." };
        var command = new Command("serve", "Host federations for clients anywhere.") { files, overrides, data, listen, certs, insecure, metrics, postgres, silo, flower, deadline, startWith, away, verbose };
        command.SetAction(async (line, stop) => (int)await RunAsync(new Request(line.GetValue(files)!, line.GetValue(overrides)!, line.GetValue(data)!, line.GetValue(listen)!, line.GetValue(certs),
            line.GetValue(insecure), line.GetValue(metrics), line.GetValue(postgres), line.GetValue(silo)!, line.GetValue(flower), line.GetValue(deadline)!, line.GetValue(startWith), line.GetValue(away)!, line.GetValue(verbose)), stop));
        return command;
    }

    static async Task<ExitCode> RunAsync(Request request, CancellationToken stop)
    {
        if (request.Insecure == (request.Certs is not null))
            throw new CliException(ExitCode.Usage, "Give either --certs FOLDER (plume certs init makes one) or, for a trial on one machine, --insecure.");
        var (deadline, away) = (Duration.Parse(request.Deadline, "--deadline"), Duration.Parse(request.Away, "--away"));
        var listen = Address(request.Listen, "--listen");
        var metrics = request.Metrics is null ? null : Address(request.Metrics, "--metrics");
        var federations = (request.Files.Length == 0 ? [null] : request.Files.Cast<string?>()).Select(file => ServedFederations.Load(file, request.Overrides, deadline, request.StartWith, away)).ToList();
        using var authority = request.Certs is null ? null : CertificateFolder.LoadAuthority(request.Certs, TimeProvider.System);
        string? database = request.Postgres is null ? null : DbCommand.ConnectionString(request.Postgres == "env" ? null : request.Postgres);
        await using var postgres = database is null ? null : await PostgresStorage.OpenAsync(database, TimeProvider.System, stop);
        var options = new ServerOptions(federations, postgres is null ? ServerStorage.InFolder(request.Data) : new ServerStorage(postgres.Ledger, postgres.Blobs, postgres.Records))
        {
            Cluster = database is null ? null : new ServerCluster(database, PlaceOf(Address(request.Silo, "--silo"))),
            Flower = request.Flower is null ? null : new FlowerOptions { Listen = Address(request.Flower, "--flower"), Certificate = request.Certs is null ? null : CertificateFolder.LoadServer(request.Certs) },
            Listen = listen,
            Metrics = metrics,
            Tls = authority is null ? null : new ServerTls(CertificateFolder.LoadServer(request.Certs!), [], authority),
        };
        var app = InputErrors.Explain(() => PlumeServer.Build(options, logging => ConfigureLog(logging, request.Verbose)), ExitCode.Usage);
        await using (app)
        {
            await app.StartAsync(stop);
            string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            if (authority is not null && await FirstAdmin.InviteAsync(app.Services, request.Data, stop) is { } file)
                Console.Out.WriteLine($"Nobody is enrolled as an operator yet. Enrol one within a day: plume enrol {address} --root {Path.Combine(request.Certs!, CertificateFolder.RootCertificate)} --token-file {file} --name admin --identity admin");
            Console.Out.WriteLine($"Serving {string.Join(", ", federations.Select(federation => $"{federation.Name} ({federation.Plan.Rounds} rounds, {federation.Plan.Clients} clients)"))} at {address}");
            await PlumeServer.WaitAsync(app, stop);
        }

        return ExitCode.Done;
    }

    static SiloPlace PlaceOf(IPEndPoint silo) => new(silo.Address, silo.Port, GatewayPort: 0);

    static void ConfigureLog(ILoggingBuilder logging, bool verbose)
    {
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            console.UseUtcTimestamp = true;
        });
        logging.AddFilter((category, level) => level >= LogLevel.Warning || (level >= LogLevel.Information && (verbose || category?.StartsWith("Plume", StringComparison.Ordinal) == true)));
        if (!verbose)
            logging.AddFilter("Orleans", LogLevel.Error);
    }

    static IPEndPoint Address(string text, string option) => IPEndPoint.TryParse(text.Replace("localhost", "127.0.0.1", StringComparison.Ordinal), out var address) && (address.Port > 0 || text.EndsWith(":0", StringComparison.Ordinal))
        ? address
        : throw new CliException(ExitCode.Usage, $"{option} must be an address and a port such as 127.0.0.1:7443 or 0.0.0.0:7443, but is '{text}'.");
}
