using Plume.Client.Identity;
using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Checks;
using Plume.EndToEnd.Tests.Processes;
using Plume.Server.Hosting;
using Plume.Server.Identity;
using Plume.Server.Identity.Certificates;
using Plume.Server.Identity.Enrolling;
using Plume.Server.Storage;
using Plume.Server.Storage.Folder;
using Plume.Server.Storage.Postgres;
using Plume.Server.Tests.Storage.Postgres;

namespace Plume.EndToEnd.Tests.SecureSums;

/// <summary>Secure sums over TLS, where clients sign their keys and who is in a sum.</summary>
public sealed class SignedSumTests : IAsyncDisposable
{
    const int Servers = 3;

    static readonly ToyPlan Plan = new(Clients: 4, Rounds: 4, Participants: 4, Values: 5_000)
    {
        Uplink = "feedback | rotate | uniform(6, shared) | secure",
    };

    readonly string folder = Directory.CreateTempSubdirectory("plume-signed-").FullName;
    readonly List<HostProcess> processes = [];
    readonly TcpProxy network = new();

    string State => Path.Combine(folder, "state");

    string Certs => Path.Combine(folder, "certs");

    string Root => Path.Combine(Certs, CertificateFolder.RootCertificate);

    [Fact]
    public async Task Wherever_the_server_dies_among_signatures_and_shares_the_sum_has_the_bits_of_a_simulation()
    {
        CertificateFolder.Initialise(Certs, ["127.0.0.1"], TimeProvider.System);
        var dying = await ServeAsync("sum-closed:1");
        var clients = new List<HostProcess>();
        for (int number = 0; number < Plan.Clients; number++)
            clients.Add(await JoinAsync(number, new FolderRecords(Path.Combine(State, "records"))));
        foreach (string place in (string[])["sum-revealed:1", "sum-closed:2", "revealed-stored:1"])
        {
            Assert.Equal(HostProcess.Killed, await dying.EndAsync());
            dying = await ServeAsync(place);
        }

        Assert.Equal(HostProcess.Killed, await dying.EndAsync());
        var server = await ServeAsync();
        foreach (var client in clients)
            Assert.True(await client.EndAsync() == 0, $"{client.Tail()}\nThe server said:\n{server.Tail()}");
        await server.StopAsync();
        Assert.Equal(Simulated.Model(Plan), (await ServerHistory.ReadAsync(State, Plan)).Model);
    }

    // Which server has the federation is chance, so each would die in its first sum; whoever did comes back and stays.
    [Fact]
    public async Task Whichever_server_of_a_cluster_dies_among_signatures_the_sum_has_the_bits_of_a_simulation()
    {
        await using var postgres = await PostgresCluster.StartAsync();
        string database = await postgres.CreateDatabaseAsync("signed");
        await PostgresSchema.ApplyAsync(database, default);
        CertificateFolder.Initialise(Certs, ["127.0.0.1"], TimeProvider.System);
        int[] silos = [.. Enumerable.Range(0, Servers).Select(_ => FreePort.Take())];
        HostProcess[] servers = [.. silos.Select(silo => Start("sum-closed:1", InCluster(silo)))];
        await ReachAsync(servers);
        var clients = new List<HostProcess>();
        await using (var storage = await PostgresStorage.OpenAsync(database, TimeProvider.System, default))
        {
            for (int number = 0; number < Plan.Clients; number++)
                clients.Add(await JoinAsync(number, storage.Records));
        }

        var ended = Task.WhenAll(clients.Select(client => client.EndAsync()));
        Task<int>[] deaths = [.. servers.Select(server => server.EndAsync())];
        int died = 0;
        for (; await Task.WhenAny([ended, .. deaths]) is Task<int> death; died++)
        {
            Assert.Equal(HostProcess.Killed, await death);
            int server = Array.IndexOf(deaths, death);
            servers[server] = Start("", InCluster(silos[server]));
            deaths[server] = servers[server].EndAsync();
            await ReachAsync(servers);
        }

        Assert.All(await ended, code => Assert.Equal(0, code));
        Assert.InRange(died, 1, Servers);
        foreach (var server in servers)
            await server.KillAsync();
        Assert.Equal(Simulated.Model(Plan), (await ServerHistory.ReadFromAsync(database, Plan)).Model);

        string[] InCluster(int silo) => ["--database", database, "--silo", $"{silo}"];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
            await process.DisposeAsync();
        await network.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    async Task<HostProcess> ServeAsync(string crashAt = "")
    {
        var server = Start(crashAt, "--state", State);
        await ReachAsync(server);
        return server;
    }

    HostProcess Start(string crashAt, params string[] storage)
    {
        var server = new HostProcess(["server", .. Plan.ToArguments(), .. storage, "--certs", Certs], ("PLUME_CRASH_AT", crashAt));
        processes.Add(server);
        return server;
    }

    async Task ReachAsync(params HostProcess[] servers)
    {
        string[] lines = await Task.WhenAll(servers.Select(server => server.LineAsync("the server says where it listens",
            line => line.StartsWith(ToyServer.Listening, StringComparison.Ordinal))));
        network.Targets = [.. lines.Select(line => new Uri(line[ToyServer.Listening.Length..]))];
    }

    async Task<HostProcess> JoinAsync(int number, IRecords records)
    {
        string name = $"client-{number}", identity = Path.Combine(folder, "identities", name);
        var tokens = new EnrolmentTokens(records, TimeProvider.System);
        string token = await tokens.IssueAsync(name, Roles.Client, [ToyPlan.Federation], TimeSpan.FromHours(1), default);
        var address = new UriBuilder(network.Address) { Scheme = "https" }.Uri;
        await ClientCertificate.EnrolAsync(address, ServerTrust.FromRoot(Root), identity, name, token, default);
        var client = new HostProcess(["client", "--numbers", $"{number}", "--identity", identity, "--root", Root,
            "--server", address.ToString(), "--folder", Path.Combine(folder, "clients"),
            "--history", Path.Combine(folder, $"{name}-history.jsonl"), "--patience", "3000", "--hold", "2000", "--training", "0"]);
        processes.Add(client);
        return client;
    }
}
