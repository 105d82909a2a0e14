using Plume.Client.Identity;
using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Checks;
using Plume.EndToEnd.Tests.Processes;
using Plume.Server.Identity;
using Plume.Server.Identity.Certificates;
using Plume.Server.Identity.Enrolling;
using Plume.Server.Storage.Folder;

namespace Plume.EndToEnd.Tests.SecureSums;

/// <summary>Secure sums over TLS, where clients sign their keys and who is in a sum.</summary>
public sealed class SignedSumTests : IAsyncDisposable
{
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
            clients.Add(await JoinAsync(number));
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

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
            await process.DisposeAsync();
        await network.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    async Task<HostProcess> ServeAsync(string crashAt = "")
    {
        var server = new HostProcess(["server", .. Plan.ToArguments(), "--state", State, "--certs", Certs],
            ("PLUME_CRASH_AT", crashAt));
        processes.Add(server);
        string line = await server.LineAsync("the server says where it listens",
            line => line.StartsWith(ToyServer.Listening, StringComparison.Ordinal));
        network.Targets = [new Uri(line[ToyServer.Listening.Length..])];
        return server;
    }

    async Task<HostProcess> JoinAsync(int number)
    {
        string name = $"client-{number}", identity = Path.Combine(folder, "identities", name);
        var tokens = new EnrolmentTokens(new FolderRecords(Path.Combine(State, "records")), TimeProvider.System);
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
