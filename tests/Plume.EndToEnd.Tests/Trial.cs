using System.Globalization;
using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Checks;
using Plume.EndToEnd.Tests.Processes;

namespace Plume.EndToEnd.Tests;

/// <summary>One run of a toy federation in processes of its own, with a bad network between them, from the first start to the judgement.</summary>
sealed class Trial(ToyPlan plan) : IAsyncDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("plume-chaos-").FullName;
    readonly List<HostProcess> processes = [];
    int histories;

    public ToyPlan Plan => plan;

    /// <summary>Where the server keeps what it must not lose.</summary>
    public string State { get; init; } = "";

    public TcpProxy Network { get; } = new();

    /// <summary>How long the learner takes at most.</summary>
    public TimeSpan Training { get; init; } = TimeSpan.Zero;

    /// <summary>How long a client waits for an answer before it calls the connection broken.</summary>
    public TimeSpan ClientPatience { get; init; } = TimeSpan.FromSeconds(60);

    public string StateFolder => State.Length > 0 ? State : Path.Combine(folder, "state");

    /// <summary>Starts a server on the trial's state; clients find it through the network.</summary>
    /// <param name="crashAt">Where it dies: <c>committed:2</c> at the second time.</param>
    public HostProcess StartServer(string crashAt = "")
    {
        var server = new HostProcess(["server", .. plan.ToArguments(), "--state", StateFolder, "--port", "0"], ("PLUME_CRASH_AT", crashAt));
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

    /// <summary>Lets clients find the server that was started.</summary>
    public async Task ReachAsync(HostProcess server)
    {
        string line = await server.LineAsync("the server says where it listens", line => line.StartsWith(ToyServer.Listening, StringComparison.Ordinal));
        Network.Target = new Uri(line[ToyServer.Listening.Length..]);
    }

    /// <summary>Starts a process of clients.</summary>
    /// <param name="numbers">Which.</param>
    /// <param name="dieAt">Where it dies: <c>counted:3</c> when one of them hears that its update of round 3 counts, before it knows.</param>
    public HostProcess StartClients(IEnumerable<int> numbers, string? dieAt = null)
    {
        List<string> arguments =
        [
            "client",
            "--numbers", string.Join(',', numbers),
            "--folder", Path.Combine(folder, "clients"),
            "--history", Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"history-{histories++}.jsonl")),
            "--server", Network.Address.ToString(),
            "--patience", Milliseconds(ClientPatience),
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

    /// <summary>Waits until these clients have stayed to the end, ends the server, and judges what happened.</summary>
    public async Task<ServerHistory> EndAsync(HostProcess server, params HostProcess[] clients)
    {
        foreach (var client in clients)
            Assert.True(await ExitCodeAsync(client, server) == 0, client.Tail());
        await server.StopAsync();
        var told = await ServerHistory.ReadAsync(StateFolder);
        Assert.Empty(HistoryChecker.Problems(plan, told, ReadHistory()));
        return told;
    }

    /// <summary>What clients did and were told, in all their processes.</summary>
    public IReadOnlyList<HistoryLine> ReadHistory() =>
        [.. Enumerable.Range(0, histories).Select(number => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"history-{number}.jsonl"))).Where(File.Exists).SelectMany(History.Read)];

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
            await process.DisposeAsync();
        await Network.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

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
