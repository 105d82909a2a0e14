using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Checks;
using Plume.EndToEnd.Tests.Processes;
using Plume.Server.Hosting;
using Plume.Server.Storage.Postgres;
using Plume.Server.Tests.Storage.Postgres;

namespace Plume.EndToEnd.Tests;

/// <summary>
/// Three servers on one database, behind one address: clients are at any of them, and the federation is on one.
/// </summary>
public sealed class ClusterTests : IAsyncLifetime
{
    const int Servers = 3;
    const int Kills = 3;

    static readonly ToyPlan Plan = new(Clients: 6, Rounds: 20, Participants: 4, Values: 20_000);

    readonly HostProcess[] servers = new HostProcess[Servers];
    PostgresCluster postgres = null!;
    Trial trial = null!;

    [Fact]
    public async Task Whichever_server_of_a_cluster_is_killed_the_others_go_on_to_the_same_bits()
    {
        int[] silos = [.. Enumerable.Range(0, Servers).Select(_ => FreePort.Take())];
        await Task.WhenAll(Enumerable.Range(0, Servers).Select(server => StartAsync(server, silos)));
        await trial.ReachAsync(servers);
        HostProcess[] clients = [trial.StartClients([0, 2, 4]), trial.StartClients([1, 3, 5])];
        for (int kill = 1; kill <= Kills; kill++)
        {
            // Twice the one that has the federation, and then one of those that have not.
            int owner = await OwnerAsync(fromVersion: 3 * kill);
            int killed = kill % 3 == 0 ? (owner + 1) % Servers : owner;
            await servers[killed].KillAsync();
            await StartAsync(killed, silos);
            await trial.ReachAsync(servers);
        }

        var ended = await trial.EndAsync(servers, clients);
        Assert.Equal(await CalmRuns.CheckpointAsync(Plan), ended.Checkpoint);
    }

    public async ValueTask InitializeAsync()
    {
        postgres = await PostgresCluster.StartAsync();
        string database = await postgres.CreateDatabaseAsync("cluster");
        await PostgresSchema.ApplyAsync(database, default);
        trial = new Trial(Plan)
        {
            Database = database,
            Training = TimeSpan.FromMilliseconds(100),
            ClientPatience = TimeSpan.FromSeconds(5),
            ServerGrace = TimeSpan.FromSeconds(5),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await trial.DisposeAsync();
        await postgres.DisposeAsync();
    }

    async Task StartAsync(int server, int[] silos)
    {
        servers[server] = trial.StartServer(silo: silos[server]);
        await servers[server].LineAsync("the server listens",
            line => line.StartsWith(ToyServer.Listening, StringComparison.Ordinal));
    }

    // The one that is the first to commit such a version or a later one.
    async Task<int> OwnerAsync(int fromVersion)
    {
        Task<string>[] commits =
            [.. servers.Select(server =>
                server.LineAsync($"version {fromVersion} or a later one is committed",
                    line => Versions.In(line) >= fromVersion))];
        return Array.IndexOf(commits, await Task.WhenAny(commits));
    }
}
