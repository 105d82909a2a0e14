using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;
using Plume.Server.Hosting;
using Plume.Server.Storage.Postgres;
using Plume.Server.Tests.Storage.Postgres;

namespace Plume.Server.Tests.Storage;

public class OrleansClusteringTests(PostgresFixture postgres)
{
    [Fact]
    public async Task Silos_find_one_another_and_declare_dead_the_one_that_is_killed()
    {
        string database = await postgres.NewDatabaseAsync();
        await using var proxy = PostgresProxy.To((await postgres.ClusterAsync()).Port);
        using var first = await StartAsync(database);
        using var second = await StartAsync(proxy.Through(database));
        SiloAddress one = AddressOf(first), two = AddressOf(second);
        await StatusAsync(first, two, SiloStatus.Active);
        await StatusAsync(second, one, SiloStatus.Active);

        // Killed: it answers no longer, and cannot tell the database, which it tries for as long as it would try to join.
        var membership = second.Services.GetRequiredService<IOptions<ClusterMembershipOptions>>().Value;
        membership.MaxJoinAttemptTime = TimeSpan.FromSeconds(1);
        proxy.Cut();
        var killed = second.StopAsync(new CancellationToken(canceled: true));
        await StatusAsync(first, two, SiloStatus.Dead);
        Assert.StartsWith(one.ToParsableString(), await SuspectersAsync(database, two));
        await killed;
        await first.StopAsync();
    }

    [Fact]
    public async Task A_silo_that_stops_in_order_says_so_itself()
    {
        string database = await postgres.NewDatabaseAsync();
        using var first = await StartAsync(database);
        using var second = await StartAsync(database);
        var two = AddressOf(second);
        await StatusAsync(first, two, SiloStatus.Active);
        await second.StopAsync();
        await StatusAsync(first, two, SiloStatus.Dead);
        Assert.StartsWith(two.ToParsableString(), await SuspectersAsync(database, two));
        await first.StopAsync();
    }

    [Fact]
    public async Task A_membership_table_keeps_the_rules_that_Orleans_expects()
    {
        string database = await postgres.NewDatabaseAsync();
        using var host = Build(database);
        var table = host.Services.GetRequiredService<IMembershipTable>();
        await table.InitializeMembershipTableAsync(true);
        await table.InitializeMembershipTableAsync(true);
        var none = await table.ReadAllAsync();
        Assert.Equal((0, 0), (none.Members.Count, none.Version.Version));

        MembershipEntry alive = Entry(1, SiloStatus.Active), dead = Entry(2, SiloStatus.Dead);
        Assert.True(await table.InsertRowAsync(alive, none.Version.Next()));
        Assert.False(await table.InsertRowAsync(dead, none.Version.Next()));
        Assert.False(await table.InsertRowAsync(alive, (await table.ReadAllAsync()).Version.Next()));
        Assert.True(await table.InsertRowAsync(dead, (await table.ReadAllAsync()).Version.Next()));
        Assert.Equal(2, (await table.ReadAllAsync()).Version.Version);

        var (entry, tag) = Assert.Single((await table.ReadRowAsync(alive.SiloAddress)).Members);
        entry.Status = SiloStatus.ShuttingDown;
        entry.AddSuspector(dead.SiloAddress, entry.StartTime);
        var version = (await table.ReadAllAsync()).Version.Next();
        Assert.True(await table.UpdateRowAsync(entry, tag, version));
        Assert.False(await table.UpdateRowAsync(entry, tag, version));
        entry.IAmAliveTime = entry.StartTime.AddMinutes(5);
        await table.UpdateIAmAliveAsync(entry);
        var (read, _) = Assert.Single((await table.ReadRowAsync(alive.SiloAddress)).Members);
        Assert.Equal((SiloStatus.ShuttingDown, entry.IAmAliveTime, "silo1", 30001),
            (read.Status, read.IAmAliveTime, read.SiloName, read.ProxyPort));
        Assert.Equal(dead.SiloAddress, Assert.Single(read.SuspectTimes!).Item1);

        await table.CleanupDefunctSiloEntriesAsync(dead.IAmAliveTime.AddHours(1));
        Assert.Equal(alive.SiloAddress, Assert.Single((await table.ReadAllAsync()).Members).Item1.SiloAddress);
        await table.DeleteMembershipTableEntriesAsync("plume");
        await table.InitializeMembershipTableAsync(true);
        Assert.Empty((await table.ReadAllAsync()).Members);
    }

    [Fact]
    public async Task A_silo_alone_needs_no_database()
    {
        using var host = await StartAsync(null);
        await StatusAsync(host, AddressOf(host), SiloStatus.Active);
        Assert.Equal(IPAddress.Loopback, AddressOf(host).Endpoint.Address);
        await host.StopAsync();
    }

    static async Task<IHost> StartAsync(string? database)
    {
        var host = Build(database);
        await host.StartAsync();
        return host;
    }

    static IHost Build(string? database)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleans(silo =>
            silo.UsePlumeClustering(new SiloPlace(IPAddress.Loopback, FreePort.Take(), FreePort.Take()), database));
        builder.Services.AddSingleton<IFatalErrorHandler, StopsTheHost>();
        return builder.Build();
    }

    static SiloAddress AddressOf(IHost host) => host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;

    static async Task StatusAsync(IHost host, SiloAddress silo, SiloStatus status)
    {
        var oracle = host.Services.GetRequiredService<ISiloStatusOracle>();
        var listener = new Listener(silo, status);
        oracle.SubscribeToSiloStatusEvents(listener);
        if (oracle.GetApproximateSiloStatus(silo) != status)
            await listener.Seen.Task.WaitAsync(TimeSpan.FromSeconds(60));
        oracle.UnSubscribeFromSiloStatusEvents(listener);
    }

    static async Task<string> SuspectersAsync(string database, SiloAddress silo)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command =
            new NpgsqlCommand("select suspecttimes from plume.orleansmembershiptable where port = $1", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = silo.Endpoint.Port });
        return (string)(await command.ExecuteScalarAsync())!;
    }

    static MembershipEntry Entry(int number, SiloStatus status) => new()
    {
        SiloAddress = SiloAddress.New(IPAddress.Loopback, 11110 + number, number),
        SiloName = $"silo{number}",
        HostName = "here",
        Status = status,
        ProxyPort = 30000 + number,
        StartTime = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc),
        IAmAliveTime = new DateTime(2026, 1, 1, 0, 1, 0, DateTimeKind.Utc),
    };

    // On a busy machine a silo may be late with two signs of life and be told that it is dead: Orleans would end the process, and
    // with it all tests.
    sealed class StopsTheHost(IHostApplicationLifetime host) : IFatalErrorHandler
    {
        public bool IsUnexpected(Exception exception) => true;

        public void OnFatalException(object? sender, string? context, Exception? exception) => host.StopApplication();
    }

    sealed class Listener(SiloAddress silo, SiloStatus status) : ISiloStatusListener
    {
        public TaskCompletionSource Seen { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void SiloStatusChangeNotification(SiloAddress updated, SiloStatus now)
        {
            if (updated.Equals(silo) && now == status)
                Seen.TrySetResult();
        }
    }
}
