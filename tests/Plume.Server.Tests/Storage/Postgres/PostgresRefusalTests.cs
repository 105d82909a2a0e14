using Npgsql;
using Plume.Server.Storage.Postgres;

namespace Plume.Server.Tests.Storage.Postgres;

/// <summary>PostgreSQL answers a write with an error, as long as a trigger of the test says so.</summary>
public sealed class PostgresRefusalTests(PostgresStores stores) : IClassFixture<PostgresStores>, IAsyncLifetime
{
    static readonly CancellationToken Never = CancellationToken.None;

    readonly SteppedTime time = new();
    PostgresStorage storage = null!;
    long epoch;

    public async ValueTask InitializeAsync()
    {
        await stores.EmptyAsync();
        storage = await PostgresStorage.OpenAsync(stores.Database, time, Never);
        epoch = (await storage.Ledger.TakeOverAsync("digits", Never)).Epoch;
    }

    public async ValueTask DisposeAsync()
    {
        await PostgresCluster.ExecuteAsync(stores.Database,
            "drop trigger if exists refuse on plume.ledger_event; drop trigger if exists refuse on plume.blob_chunk");
        await storage.DisposeAsync();
    }

    [Theory]
    [InlineData(PostgresErrorCodes.SerializationFailure)]
    [InlineData(PostgresErrorCodes.DeadlockDetected)]
    [InlineData(PostgresErrorCodes.AdminShutdown)]
    [InlineData(PostgresErrorCodes.CrashShutdown)]
    [InlineData(PostgresErrorCodes.CannotConnectNow)]
    [InlineData(PostgresErrorCodes.TooManyConnections)]
    public async Task An_error_that_passes_is_waited_for(string code)
    {
        await RefuseAsync("plume.ledger_event", code, times: 3);
        await storage.Ledger.AppendAsync("digits", epoch, 0, [[1], [2]], Never);
        Assert.Equal(3, time.Pauses.Count);
        Assert.Equal(2, (await storage.Ledger.HistoryAsync("digits", -1, Never)).Count);
    }

    [Theory]
    [InlineData(PostgresErrorCodes.DiskFull, "room")]
    [InlineData(PostgresErrorCodes.ReadOnlySqlTransaction, "primary")]
    [InlineData(PostgresErrorCodes.InsufficientPrivilege, "Grant")]
    [InlineData(PostgresErrorCodes.OutOfMemory, "Check")]
    public async Task An_error_that_stays_is_reported_at_once_and_nothing_has_changed(string code, string step)
    {
        await RefuseAsync("plume.ledger_event", code, times: 1);
        var error = await Assert.ThrowsAsync<IOException>(() =>
            storage.Ledger.AppendAsync("digits", epoch, 0, [[1], [2]], Never));
        Assert.Contains("did not take effect", error.Message, StringComparison.Ordinal);
        Assert.Contains(step, error.Message, StringComparison.Ordinal);
        Assert.Empty(time.Pauses);
        await storage.Ledger.AppendAsync("digits", epoch, 0, [[3]], Never);
        Assert.Equal(3, Assert.Single(await storage.Ledger.HistoryAsync("digits", -1, Never))[0]);
    }

    [Fact]
    public async Task An_append_to_a_blob_that_is_refused_on_its_way_adds_no_part_of_it()
    {
        await storage.Blobs.AppendAsync("a", 0, new byte[100], Never);
        await PostgresCluster.ExecuteAsync(stores.Database,
            Refusal("plume.blob_chunk", "new.start > 2 * 1048576", PostgresErrorCodes.DiskFull));
        await Assert.ThrowsAsync<IOException>(() => storage.Blobs.AppendAsync("a", 50, new byte[4 << 20], Never));
        Assert.Equal(100, await storage.Blobs.LengthAsync("a", Never));
        Assert.Equal(100, await storage.Blobs.ReadAsync("a", 0, new byte[200], Never));
    }

    // A sequence counts on, though the transaction that counted is undone.
    Task<int> RefuseAsync(string table, string code, int times) => PostgresCluster.ExecuteAsync(stores.Database,
        "create sequence if not exists public.refusals; alter sequence public.refusals restart;"
            + Refusal(table, $"nextval('public.refusals') <= {times}", code));

    static string Refusal(string table, string condition, string code) => $"""
        create or replace function public.refuse() returns trigger language plpgsql as $$
        begin
            if {condition} then
                raise exception 'refused by the test' using errcode = '{code}';
            end if;
            return new;
        end $$;
        create or replace trigger refuse before insert on {table} for each row execute function public.refuse();
        """;
}
