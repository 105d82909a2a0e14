using System.Globalization;
using System.Text;
using Plume.Server.Storage.Postgres;

namespace Plume.Server.Tests.Storage.Postgres;

/// <summary>PostgreSQL is killed and started again, or ends its connections, while an owner writes.</summary>
public sealed class PostgresRestartTests : IAsyncLifetime
{
    const string Federation = "digits";

    static readonly CancellationToken Never = CancellationToken.None;

    PostgresCluster cluster = null!;
    string database = null!;

    public async ValueTask InitializeAsync()
    {
        cluster = await PostgresCluster.StartAsync();
        database = await cluster.CreateDatabaseAsync("plume");
        await PostgresSchema.ApplyAsync(database, Never);
    }

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task Nothing_acknowledged_is_lost_or_made_twice_while_PostgreSQL_restarts_again_and_again()
    {
        await using var storage = await PostgresStorage.OpenAsync(database, TimeProvider.System, Never);
        var owner = await Owner.TakeOverAsync(storage);
        for (int restart = 0; restart < Rounds("PLUME_POSTGRES_RESTARTS", 5); restart++)
        {
            var restarting = cluster.RestartAsync();
            do
                await owner.WriteVersionAsync();
            while (!restarting.IsCompleted);
            await restarting;
        }

        await owner.CheckAsync();
    }

    [Fact]
    public async Task Nothing_acknowledged_is_lost_or_made_twice_while_connections_end_again_and_again()
    {
        await using var storage = await PostgresStorage.OpenAsync(database, TimeProvider.System, Never);
        var owner = await Owner.TakeOverAsync(storage);
        int versions = Rounds("PLUME_POSTGRES_KILLS", 40);
        for (int version = 0; version < versions; version++)
        {
            var writing = owner.WriteVersionAsync();
            await cluster.EndConnectionsAsync("plume");
            await writing;
        }

        Assert.Equal(versions - 1, owner.Version);
        await owner.CheckAsync();
    }

    [Fact]
    public async Task A_write_waits_for_a_PostgreSQL_that_is_started_late()
    {
        var time = new SteppedTime(number => number == 3 ? cluster.StartAgainAsync() : Task.CompletedTask);
        await using var storage = await PostgresStorage.OpenAsync(database, time, Never);
        var owner = await Owner.TakeOverAsync(storage);
        await cluster.StopAsync();
        await owner.WriteVersionAsync();
        await owner.CheckAsync();
        Assert.True(time.Pauses.Count >= 3);
    }

    // More by an environment variable, for a long run.
    static int Rounds(string variable, int standard) =>
        int.Parse(Environment.GetEnvironmentVariable(variable)
            ?? standard.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>Writes version after version, each with two events and a payload, and knows what was acknowledged.</summary>
    sealed class Owner(PostgresStorage storage, long epoch)
    {
        /// <summary>The newest version that was acknowledged.</summary>
        public int Version { get; private set; } = -1;

        public static async Task<Owner> TakeOverAsync(PostgresStorage storage) =>
            new(storage, (await storage.Ledger.TakeOverAsync(Federation, Never)).Epoch);

        public async Task WriteVersionAsync()
        {
            int next = Version + 1;
            await storage.Blobs.AppendAsync($"uploads/{next}.part", 0, Payload(next).AsMemory(0, 1000), Never);
            await storage.Ledger.AppendAsync(Federation, epoch, 0, [Event(next, 0)], Never);
            await storage.Blobs.AppendAsync($"uploads/{next}.part", 1000, Payload(next).AsMemory(1000), Never);
            await storage.Blobs.MoveAsync($"uploads/{next}.part", $"payloads/{next}", Never);
            await storage.Ledger.AppendAsync(Federation, epoch, 1, [Event(next, 1)], Never);
            await storage.Ledger.CommitAsync(Federation, epoch, next, Payload(next), Never);
            Assert.True(await storage.Records.WriteAsync("versions", Event(next, 2), next, Never));
            Version = next;
        }

        public async Task CheckAsync()
        {
            for (int version = 0; version <= Version; version++)
            {
                Assert.Equal(Payload(version), await storage.Ledger.RecordAsync(Federation, version, Never));
                var payload = new byte[3000];
                Assert.Equal(2000, await storage.Blobs.ReadAsync($"payloads/{version}", 0, payload, Never));
                Assert.Equal(Payload(version), payload[..2000]);
            }

            Assert.Empty(await storage.Blobs.ListAsync("uploads/", Never));
            var content = await storage.Ledger.TakeOverAsync(Federation, Never);
            Assert.Equal(Version, content.Version);
            Assert.Equal(Payload(Version), content.Head);
            Assert.Equal(epoch + 1, content.Epoch);
            Assert.Equal(Version + 1, (await storage.Records.ReadAsync("versions", Never))!.Revision);
        }

        static byte[] Event(int version, int number) => Encoding.ASCII.GetBytes($"{version}:{number}");

        static byte[] Payload(int version)
        {
            var bytes = new byte[2000];
            new Random(version).NextBytes(bytes);
            return bytes;
        }
    }
}
