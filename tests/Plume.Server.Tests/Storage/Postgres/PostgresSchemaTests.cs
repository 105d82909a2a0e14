using Npgsql;
using Plume.Server.Storage.Postgres;

namespace Plume.Server.Tests.Storage.Postgres;

public class PostgresSchemaTests(PostgresFixture postgres)
{
    static readonly CancellationToken Never = CancellationToken.None;

    [Fact]
    public async Task Tables_are_made_once()
    {
        string database = await postgres.NewEmptyDatabaseAsync();
        Assert.True(await PostgresSchema.ApplyAsync(database, Never));
        Assert.False(await PostgresSchema.ApplyAsync(database, Never));
    }

    [Fact]
    public async Task Tables_of_an_earlier_release_are_brought_up_to_date_and_go_on()
    {
        string database = await postgres.NewDatabaseAsync();
        await PostgresCluster.ExecuteAsync(database,
            "drop table plume.ledger_record; delete from plume.schema_version where version = 2");
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            PostgresStorage.OpenAsync(database, TimeProvider.System, Never));
        Assert.Contains("plume db apply", error.Message, StringComparison.Ordinal);
        Assert.True(await PostgresSchema.ApplyAsync(database, Never));
        await using var storage = await PostgresStorage.OpenAsync(database, TimeProvider.System, Never);
        await PostgresCluster.ExecuteAsync(database,
            "insert into plume.ledger_head (federation, epoch, version, head, events) values ('toy', 3, 4, 'old', 0)");
        var content = await storage.Ledger.TakeOverAsync("toy", Never);
        Assert.Equal((4, 0), (content.Version, content.Records.Count));
        await storage.Ledger.CommitAsync("toy", content.Epoch, 5, [1], [[0], [1], [2], [3], [4], [5]], Never);
        Assert.Equal(6, (await storage.Ledger.TakeOverAsync("toy", Never)).Records.Count);
    }

    [Fact]
    public async Task Programs_that_make_the_tables_at_once_take_turns()
    {
        string database = await postgres.NewEmptyDatabaseAsync();
        bool[] made = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => PostgresSchema.ApplyAsync(database, Never)));
        Assert.Single(made, true);
    }

    [Fact]
    public async Task A_database_without_tables_is_refused_with_what_to_do()
    {
        string database = await postgres.NewEmptyDatabaseAsync();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            PostgresStorage.OpenAsync(database, TimeProvider.System, Never));
        Assert.Contains("plume db apply", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tables_of_a_newer_program_are_refused()
    {
        string database = await postgres.NewDatabaseAsync();
        await PostgresCluster.ExecuteAsync(database, "insert into plume.schema_version (version) values (99)");
        await Assert.ThrowsAsync<InvalidOperationException>(() => PostgresSchema.ApplyAsync(database, Never));
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            PostgresStorage.OpenAsync(database, TimeProvider.System, Never));
        Assert.Contains("99", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_forgets_in_a_crash_is_refused()
    {
        string database = await postgres.NewDatabaseAsync();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            PostgresStorage.OpenAsync(database + ";Options=-c synchronous_commit=off", TimeProvider.System, Never));
        Assert.Contains("synchronous_commit", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_refused_at_once()
    {
        string database = (await postgres.ClusterAsync()).ConnectionString("nowhere");
        var time = new SteppedTime();
        var error = await Assert.ThrowsAsync<IOException>(() => PostgresStorage.OpenAsync(database, time, Never));
        Assert.Contains("nowhere", error.Message, StringComparison.Ordinal);
        Assert.Empty(time.Pauses);
    }

    [Fact]
    public void Timeouts_are_the_operators_where_there_are_any()
    {
        var own = new NpgsqlConnectionStringBuilder(PostgresConnection.Complete("Host=db;Timeout=60;CommandTimeout=90"));
        Assert.Equal((60, 90), (own.Timeout, own.CommandTimeout));
        var ours = new NpgsqlConnectionStringBuilder(PostgresConnection.Complete("Host=db"));
        Assert.Equal((5, 15), (ours.Timeout, ours.CommandTimeout));
    }
}
