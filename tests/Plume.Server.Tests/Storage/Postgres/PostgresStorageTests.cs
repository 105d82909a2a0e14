using Plume.Server.Storage;

namespace Plume.Server.Tests.Storage.Postgres;

public sealed class PostgresBlobsTests(PostgresStores stores) : BlobsContract, IClassFixture<PostgresStores>, IAsyncLifetime
{
    public ValueTask InitializeAsync() => stores.EmptyAsync();

    protected override async Task<IBlobs> OpenAsync() => (await stores.OpenAsync()).Blobs;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

public sealed class PostgresRecordsTests(PostgresStores stores) : RecordsContract, IClassFixture<PostgresStores>, IAsyncLifetime
{
    public ValueTask InitializeAsync() => stores.EmptyAsync();

    protected override async Task<IRecords> OpenAsync() => (await stores.OpenAsync()).Records;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

public sealed class PostgresLedgerTests(PostgresStores stores) : LedgerContract, IClassFixture<PostgresStores>, IAsyncLifetime
{
    public ValueTask InitializeAsync() => stores.EmptyAsync();

    protected override async Task<ILedger> OpenAsync() => (await stores.OpenAsync()).Ledger;

    [Fact]
    public async Task Of_two_servers_on_one_database_the_later_one_owns_the_federation()
    {
        ILedger first = await OpenAsync(), second = await OpenAsync();
        var old = await first.TakeOverAsync("digits", default);
        await first.AppendAsync("digits", old.Epoch, 0, Events("one"), default);
        var mine = await second.TakeOverAsync("digits", default);
        Assert.Equal(["one"], Texts(mine.Events));
        await Assert.ThrowsAsync<FencedException>(() => first.AppendAsync("digits", old.Epoch, 1, Events("two"), default));
        await Assert.ThrowsAsync<FencedException>(() => first.CommitAsync("digits", old.Epoch, 0, [0], default));
        await second.CommitAsync("digits", mine.Epoch, 0, [0], default);
    }

    [Fact]
    public async Task Of_two_servers_at_once_one_commits_each_version()
    {
        ILedger[] servers = [await OpenAsync(), await OpenAsync(), await OpenAsync()];
        var commits = new int[60];
        await Task.WhenAll(servers.Select(server => Task.Run(() => RaceAsync(server, commits))));
        Assert.All(commits, times => Assert.Equal(1, times));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
