using System.Globalization;
using System.Runtime.InteropServices;
using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Checks;
using Plume.EndToEnd.Tests.Processes;

namespace Plume.EndToEnd.Tests;

/// <summary>
/// One run of a toy federation in processes of its own, with a bad network between them, from the first start to the judgement.
/// </summary>
sealed class Trial(ToyPlan plan) : IAsyncDisposable
{
    const string HistoryName = "-history.jsonl";

    readonly List<HostProcess> processes = [];
    int histories;

    /// <summary>Where everything of the trial lies.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("plume-chaos-").FullName;

    public ToyPlan Plan => plan;

    /// <summary>Where the server keeps what it must not lose.</summary>
    public string State
    {
        get => field ?? Path.Combine(Folder, "state");
        init;
    }

    /// <summary>The database of a cluster, whose servers keep everything there; null for a server alone.</summary>
    public string? Database { get; init; }

    public TcpProxy Network { get; } = new();

    /// <summary>How long the learner takes at most.</summary>
    public TimeSpan Training { get; init; } = TimeSpan.Zero;

    /// <summary>How long a client waits for an answer before it calls the connection broken.</summary>
    public TimeSpan ClientPatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the server may hold a client's question for work.</summary>
    public TimeSpan ClientHold { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time that the server lets any transfer have, whatever its length; its own default where this is null.</summary>
    public TimeSpan? ServerGrace { get; init; }

    /// <summary>A trial that goes on where another was left, whose folder stays as it is.</summary>
    public static Trial Of(Trial left)
    {
        var trial = new Trial(left.Plan) { histories = left.histories };
        foreach (string path in Directory.EnumerateFiles(left.Folder, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(trial.Folder, Path.GetRelativePath(left.Folder, path));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(path, copy);
        }

        return trial;
    }

    /// <summary>Starts a server on the trial's state; clients find it through the network.</summary>
    /// <param name="crashAt">Where it dies: <c>committed:2</c> at the second time.</param>
    /// <param name="silo">In a cluster, the port at which the other servers reach it.</param>
    public HostProcess StartServer(string crashAt = "", int silo = 0)
    {
        string[] storage = Database is null ? ["--state", State]
            : ["--database", Database, "--silo", silo.ToString(CultureInfo.InvariantCulture)];
        string[] limits = ServerGrace is { } grace ? ["--grace", Milliseconds(grace)] : [];
        var server = new HostProcess(["server", .. plan.ToArguments(), .. storage, .. limits], ("PLUME_CRASH_AT", crashAt));
        processes.Add(server);
        return server;
    }

    /// <summary>The same, when it listens.</summary>
    public async Task<HostProcess> ServeAsync(string crashAt = "")
    {
        var server = StartServer(crashAt);
        await ReachAsync(server);
        return server;
    }

    /// <summary>Starts a server for each of these places, one after another, which dies there.</summary>
    public async Task KillServersAtAsync(params string[] places)
    {
        foreach (string place in places)
        {
            var dying = await ServeAsync(place);
            Assert.Equal(HostProcess.Killed, await dying.EndAsync());
        }
    }

    /// <summary>
    /// The root mean square of what is between the last model and that of the same run in one process, whose noise is another.
    /// </summary>
    public double ApartFromSimulation()
    {
        string checkpoint = Path.Combine(State, "blobs", ToyPlan.Federation, "checkpoints", $"{plan.Rounds}");
        var model = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(checkpoint))[..plan.Values].ToArray();
        return Math.Sqrt(model.Zip(Simulated.Values(plan), (one, other) => Math.Pow(one - other, 2)).Average());
    }

    /// <summary>Lets clients find the servers that were started.</summary>
    public async Task ReachAsync(params HostProcess[] servers)
    {
        var targets = new List<Uri>();
        foreach (var server in servers)
        {
            string line = await server.LineAsync("the server says where it listens",
                line => line.StartsWith(ToyServer.Listening, StringComparison.Ordinal));
            targets.Add(new Uri(line[ToyServer.Listening.Length..]));
        }

        Network.Targets = targets;
    }

    /// <summary>Starts a process of clients.</summary>
    /// <param name="numbers">Which.</param>
    /// <param name="dieAt">Where it dies: <c>counted:3</c> when one of them hears that its update of round 3 counts, before it
    /// knows; <c>Shares:3</c> when one is about to make that trip of round 3's secure sum.</param>
    public HostProcess StartClients(IEnumerable<int> numbers, string? dieAt = null)
    {
        List<string> arguments =
        [
            "client",
            "--numbers", string.Join(',', numbers),
            "--folder", Path.Combine(Folder, "clients"),
            "--history", NextHistory(),
            "--server", Network.Address.ToString(),
            "--patience", Milliseconds(ClientPatience),
            "--hold", Milliseconds(ClientHold),
            "--training", Milliseconds(Training),
        ];
        if (dieAt is not null)
            arguments.AddRange(["--die-at", dieAt]);
        var clients = new HostProcess(arguments);
        processes.Add(clients);
        return clients;
    }

    /// <summary>Starts a process of all clients.</summary>
    public HostProcess StartAllClients() => StartClients(Enumerable.Range(0, plan.Clients));

    /// <summary>A history for a client that is in this process.</summary>
    public History NewHistory() => new(NextHistory());

    /// <summary>Waits until these clients have stayed to the end, ends the server, and judges what happened.</summary>
    public Task<ServerHistory> EndAsync(HostProcess server, params HostProcess[] clients) => EndAsync([server], clients);

    /// <summary>The same for the servers of a cluster.</summary>
    public async Task<ServerHistory> EndAsync(HostProcess[] servers, HostProcess[] clients)
    {
        foreach (var client in clients)
            Assert.True(await ExitCodeAsync(client, servers[0]) == 0, client.Tail());
        foreach (var server in servers)
            await server.StopAsync();
        var told = Database is null ? await ServerHistory.ReadAsync(State, Plan)
            : await ServerHistory.ReadFromAsync(Database, Plan);
        Assert.Empty(HistoryChecker.Problems(plan, told, ReadHistory()));
        return told;
    }

    /// <summary>What clients did and were told, in all their processes.</summary>
    public IReadOnlyList<HistoryLine> ReadHistory() =>
        [.. Histories().SelectMany(History.Read)];

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
            await process.DisposeAsync();
        await Network.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    string NextHistory() => Path.Combine(Folder, string.Create(CultureInfo.InvariantCulture, $"{histories++}{HistoryName}"));

    string[] Histories() => Directory.GetFiles(Folder, $"*{HistoryName}");

    static async Task<int> ExitCodeAsync(HostProcess client, HostProcess server)
    {
        try
        {
            return await client.EndAsync();
        }
        catch (TimeoutException hang)
        {
            throw new TimeoutException($"{hang.Message}\nThe server said:\n{server.Tail()}", hang);
        }
    }

    static string Milliseconds(TimeSpan time) => ((int)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
}
