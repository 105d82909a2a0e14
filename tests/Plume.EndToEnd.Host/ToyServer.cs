using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Plume.Server.Hosting;
using Plume.Server.Identity.Admission;
using Plume.Server.Identity.Certificates;
using Plume.Server.Storage;
using Plume.Server.Storage.Postgres;

namespace Plume.EndToEnd.Host;

/// <summary>Hosts the toy federation until its standard input says stop or ends.</summary>
static class ToyServer
{
    /// <summary>What it says before the address at which it listens.</summary>
    public const string Listening = "listening at ";

    public const int Refused = 2;

    const int FileTooLong = 25;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        try
        {
            // Where a file may not grow, writing is to fail as on a full disk.
            using var tooLong = PosixSignalRegistration.Create((PosixSignal)FileTooLong, signal => signal.Cancel = true);
            await using var database = arguments.Find("database") is { } connection
                ? await PostgresStorage.OpenAsync(connection, TimeProvider.System, default) : null;
            var storage = database is null ? ServerStorage.InFolder(arguments["state"])
                : new ServerStorage(database.Ledger, database.Blobs, database.Records);
            var time = ShiftedTime.Of(arguments);
            var authority = arguments.Find("certs") is { } certs ? CertificateFolder.LoadAuthority(certs, time) : null;
            var options = new ServerOptions([ToyPlan.Read(arguments).ToDefinition()], storage)
            {
                Time = time,
                Tls = authority is null ? null
                    : new ServerTls(ServedCertificate.Load(arguments["certs"], authority, time), authority),
                Cluster = database is null ? null
                    : new ServerCluster(arguments["database"],
                        new SiloPlace(IPAddress.Loopback, arguments.Number("silo"), GatewayPort: 0)),
                Listen = new IPEndPoint(IPAddress.Loopback, 0),
                Limits = arguments.Find("grace") is null ? new ServerLimits()
                    : new ServerLimits { Grace = arguments.Milliseconds("grace"), SlowestBytesPerSecond = long.MaxValue },
            };
            await using var app = PlumeServer.Build(options, ConfigureLog);
            await app.StartAsync();
            Console.WriteLine(Listening
                + app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
            var told = ToldToStopAsync(time);
            var ended = PlumeServer.WaitAsync(app);
            if (await Task.WhenAny(told, ended) == told)
                await app.StopAsync();
            await ended;
            return 0;
        }
        catch (Exception refusal) when (refusal is IOException or InvalidDataException or ArgumentException)
        {
            await Console.Error.WriteLineAsync(refusal.Message);
            return Refused;
        }
    }

    // Until then, lines are hours by which its clock is set forward, or back.
    static async Task ToldToStopAsync(ShiftedTime time)
    {
        await Task.Yield();
        while (true)
        {
            string? line = await Console.In.ReadLineAsync();
            if (line is null)
                Environment.Exit(1);
            if (!int.TryParse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int hours))
                return;
            time.Shift(TimeSpan.FromHours(hours));
            Console.WriteLine($"the clock was set by {line} hours");
        }
    }

    static void ConfigureLog(ILoggingBuilder logging)
    {
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        });
        logging.AddFilter((category, level) => level >= LogLevel.Error
            || (level >= LogLevel.Information && category?.StartsWith("Plume", StringComparison.Ordinal) == true));
    }
}
