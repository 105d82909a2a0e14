using Plume.Server.Storage.Postgres;

[assembly: AssemblyFixture(typeof(Plume.Server.Tests.Storage.Postgres.PostgresFixture))]

namespace Plume.Server.Tests.Storage.Postgres;

/// <summary>One PostgreSQL for all tests, started by the first that asks for a database.</summary>
public sealed class PostgresFixture : IAsyncDisposable
{
    readonly Lazy<Task<PostgresCluster>> cluster = new(PostgresCluster.StartAsync);
    int databases;

    public Task<PostgresCluster> ClusterAsync() => cluster.Value;

    /// <summary>A database of the caller's own that has Plume's tables.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        string database = await NewEmptyDatabaseAsync();
        await PostgresSchema.ApplyAsync(database, CancellationToken.None);
        return database;
    }

    public async Task<string> NewEmptyDatabaseAsync() =>
        await (await cluster.Value).CreateDatabaseAsync($"test{Interlocked.Increment(ref databases)}");

    public async ValueTask DisposeAsync()
    {
        if (cluster.IsValueCreated)
            await (await cluster.Value).DisposeAsync();
    }
}
