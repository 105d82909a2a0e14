using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Plume.Client;
using Plume.Client.Identity;
using Plume.Federation.Methods.Exchanges;

namespace Plume.EndToEnd.Host;

/// <summary>
/// Some clients of the toy federation in one process, each with a folder, a connection and a learner of its own.
/// </summary>
static class ToyClients
{
    // As short as a connection takes it: a client of these has less patience than others.
    static readonly TimeSpan Ping = TimeSpan.FromSeconds(1);

    public static async Task<int> RunAsync(Arguments arguments)
    {
        // Ends with whoever started it.
        _ = Task.Run(async () =>
        {
            while (await Console.In.ReadLineAsync() is not null)
            {
            }

            Environment.Exit(1);
        });
        using var logging = LoggerFactory.Create(logging => logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        }));
        using var history = new History(arguments["history"]);
        await Task.WhenAll(arguments["numbers"].Split(',')
            .Select(number => RunAsync(arguments, int.Parse(number, CultureInfo.InvariantCulture), history,
                logging.CreateLogger("client"))));
        return 0;
    }

    static async Task RunAsync(Arguments arguments, int number, History history, ILogger logger)
    {
        using var connection = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            KeepAlivePingDelay = Ping,
            KeepAlivePingTimeout = Ping,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        };
        var time = ShiftedTime.Of(arguments);
        var identity = arguments.Find("identity") is { } certificate ? ClientCertificate.Load(certificate) : null;
        using var witness = new UploadWitness(connection, number, history, line => DieIfTold(arguments.Find("die-at"), line));
        var options = new ClientOptions
        {
            Server = new Uri(arguments["server"]),
            Federation = ToyPlan.Federation,
            Name = identity?.Name ?? $"client-{number}",
            Number = number,
            Folder = Path.Combine(arguments["folder"], $"client-{number}"),
            Time = time,
            Identity = identity,
            RootFile = arguments.Find("root"),
            Handler = identity is null ? witness : null,
            Logger = logger,
            FirstBackoff = TimeSpan.FromMilliseconds(50),
            LongestBackoff = TimeSpan.FromMilliseconds(500),
            LongestHold = arguments.Milliseconds("hold"),
            Patience = arguments.Milliseconds("patience"),
        };
        var result = await FederatedClient.JoinAsync(options,
            terms => new ToyLearner(terms.Layout,
                arguments.Milliseconds("training"))
            { Public = (terms.Method as Predictions)?.Public });
        string model = Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(result.Model.Span)));
        history.Add(new HistoryLine(HistoryLine.Ended, number, result.Version ?? -1, 0, model));
    }

    // A fail-point of the client: "counted:3" dies when the answer of round 3 is written down and the client does not know it
    // yet, "Shares:3" when it is about to make that trip of the round's secure sum.
    static void DieIfTold(string? place, HistoryLine line)
    {
        if (place == string.Create(CultureInfo.InvariantCulture, $"{line.What}:{line.Round}"))
            Process.GetCurrentProcess().Kill();
    }
}
