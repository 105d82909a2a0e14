using Plume.Server.Storage.Postgres;

namespace Plume.Server.Tests.Storage.Postgres;

/// <summary>
/// A database of one class of tests, which each of them finds empty and opens as often as it asks, each time as another server
/// would.
/// </summary>
public sealed class PostgresStores(PostgresFixture postgres) : IAsyncLifetime
{
    readonly List<PostgresStorage> open = [];

    public string Database { get; private set; } = "";

    public async ValueTask InitializeAsync() => Database = await postgres.NewDatabaseAsync();

    public async Task<PostgresStorage> OpenAsync()
    {
        open.Add(await PostgresStorage.OpenAsync(Database, TimeProvider.System, CancellationToken.None));
        return open[^1];
    }

    /// <summary>Closes what the test before left open, and forgets what it wrote.</summary>
    public async ValueTask EmptyAsync()
    {
        await CloseAsync();
        await PostgresCluster.ExecuteAsync(Database, "truncate plume.ledger_head, plume.blob, plume.record cascade");
    }

    public ValueTask DisposeAsync() => CloseAsync();

    async ValueTask CloseAsync()
    {
        foreach (var storage in open)
            await storage.DisposeAsync();
        open.Clear();
    }
}
