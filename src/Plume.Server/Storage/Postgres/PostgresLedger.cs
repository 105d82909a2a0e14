using System.Collections.Concurrent;
using Npgsql;

namespace Plume.Server.Storage.Postgres;

/// <summary>
/// Ledgers in PostgreSQL, for servers that share them. Every write is one statement that names the epoch and the version it
/// belongs to, so that it is made once or not at all, however late it arrives.
/// </summary>
public sealed class PostgresLedger : ILedger
{
    const string ReadHead = "select epoch, version, events from plume.ledger_head where federation = $1";

    readonly PostgresCalls calls;
    readonly ConcurrentDictionary<string, Owned> owned = new(StringComparer.Ordinal);

    internal PostgresLedger(PostgresCalls calls) => this.calls = calls;

    readonly record struct Owned(long Epoch, int Version);

    readonly record struct Head(long Epoch, int Version, int Events);

    /// <inheritdoc/>
    public async Task<LedgerContent> TakeOverAsync(string federation, CancellationToken cancellation)
    {
        StorageName.Check(federation);
        var content = await calls.RunAsync($"The take-over of the ledger of '{federation}'",
            (connection, _, token) => TakeOverAsync(connection, federation, token), cancellation).ConfigureAwait(false);
        owned.AddOrUpdate(federation, static (_, mine) => mine, static (_, before, mine) => before.Epoch > mine.Epoch ? before
            : mine, new Owned(content.Epoch, content.Version));
        return content;
    }

    /// <inheritdoc/>
    public Task AppendAsync(string federation, long epoch, int position, IReadOnlyList<byte[]> events,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(events);
        ArgumentOutOfRangeException.ThrowIfZero(events.Count, nameof(events));
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        int version = VersionOf(federation, epoch);
        byte[][] added = [.. events];
        return calls.WriteAsync($"The append of {added.Length} events at {position} to the ledger of '{federation}'",
            async (connection, token) =>
        {
            const string Append = """
                with head as (
                    update plume.ledger_head set events = events + cardinality($5)
                    where federation = $1 and epoch = $2 and version = $3 and events = $4
                    returning version)
                insert into plume.ledger_event (federation, version, position, event)
                select $1, head.version, $4 + added.place::integer - 1, added.event
                from head cross join unnest($5) with ordinality as added (event, place)
                """;
            if (await connection.ExecuteAsync(Append, [federation, epoch, version, position, added], token)
                .ConfigureAwait(false) == 0)
                await RequireEventsAsync(connection, federation, new Owned(epoch, version), position, added, token)
                    .ConfigureAwait(false);
        }, cancellation);
    }

    /// <inheritdoc/>
    public async Task CommitAsync(string federation, long epoch, int version, byte[] head, IReadOnlyList<byte[]> records,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(head);
        ArgumentNullException.ThrowIfNull(records);
        byte[][] added = [.. records];
        VersionOf(federation, epoch);
        await calls.WriteAsync($"The commit of version {version} of the ledger of '{federation}'", async (connection, token) =>
        {
            const string Commit = """
                with head as (
                    update plume.ledger_head set version = $3, head = $4, events = 0
                    where federation = $1 and epoch = $2 and version = $3 - 1
                        and $3 = cardinality($5)
                            + coalesce((select max(r.version) from plume.ledger_record as r where r.federation = $1), -1)
                    returning federation),
                pruned as (
                    delete from plume.ledger_event as e using head where e.federation = head.federation and e.version < $3 - 1)
                insert into plume.ledger_record (federation, version, record)
                select head.federation, $3 - cardinality($5) + added.place::integer, added.record
                from head cross join unnest($5) with ordinality as added (record, place)
                """;
            if (await connection.ExecuteAsync(Commit, [federation, epoch, version, head, added], token)
                .ConfigureAwait(false) == 0)
                await RequireHeadAsync(connection, federation, new Owned(epoch, version), head, token).ConfigureAwait(false);
        }, cancellation).ConfigureAwait(false);
        owned.TryUpdate(federation, new Owned(epoch, version), new Owned(epoch, version - 1));
    }

    /// <inheritdoc/>
    public async Task<byte[]?> RecordAsync(string federation, int version, CancellationToken cancellation)
    {
        StorageName.Check(federation);
        ArgumentOutOfRangeException.ThrowIfNegative(version);
        var found = await calls.RunAsync($"The reading of the record of version {version} of '{federation}'",
            (connection, _, token) => connection.QueryAsync(
            "select record from plume.ledger_record where federation = $1 and version = $2", [federation, version],
            row => row.GetFieldValue<byte[]>(0), token), cancellation).ConfigureAwait(false);
        return found is [var record] ? record : null;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<byte[]>> HistoryAsync(string federation, int version, CancellationToken cancellation)
    {
        StorageName.Check(federation);
        return await calls.RunAsync($"The reading of what followed version {version} of '{federation}'",
            (connection, _, token) => ReadEventsAsync(connection, federation, version, int.MaxValue, token), cancellation)
                .ConfigureAwait(false);
    }

    // Raising the epoch from the one that was read, not from whatever it is, keeps a statement that was delayed on its way
    // from putting out an owner that came after it.
    static async Task<LedgerContent> TakeOverAsync(NpgsqlConnection connection, string federation, CancellationToken cancellation)
    {
        const string Raise = "update plume.ledger_head set epoch = epoch + 1 where federation = $1 and epoch = $2 returning "
            + "version, head, events";
        await connection.ExecuteAsync(
            "insert into plume.ledger_head (federation, epoch, version, head, events) values ($1, 0, -1, '', 0) on conflict do "
                + "nothing", [federation], cancellation).ConfigureAwait(false);
        while (true)
        {
            long epoch = (await ReadHeadAsync(connection, federation, cancellation).ConfigureAwait(false)).Epoch;
            var raised = await connection.QueryAsync(Raise, [federation, epoch],
                row => (Version: row.GetInt32(0), Head: row.GetFieldValue<byte[]>(1), Events: row.GetInt32(2)), cancellation)
                    .ConfigureAwait(false);
            if (raised is not [var head])
                continue;
            var events = await ReadEventsAsync(connection, federation, head.Version, head.Events, cancellation)
                .ConfigureAwait(false);
            var records = await connection.QueryAsync(
                "select record from plume.ledger_record where federation = $1 and version <= $2 order by version",
                [federation, head.Version], row => row.GetFieldValue<byte[]>(0), cancellation).ConfigureAwait(false);
            if (events.Count == head.Events)
                return new LedgerContent(epoch + 1, head.Version, head.Head, events, records);
            // An owner that came after this one may have gone on meanwhile: its commits delete events that are of no more use.
            if ((await ReadHeadAsync(connection, federation, cancellation).ConfigureAwait(false)).Epoch == epoch + 1)
                throw new InvalidDataException(
                    $"The ledger of '{federation}' has {events.Count} events since version {head.Version}, but its head counts "
                        + $"{head.Events}. Restore the database from a copy.");
        }
    }

    // A commit that changed nothing is refused, unless it was made: by this call, whose connection ended before the answer came.
    static async Task RequireHeadAsync(NpgsqlConnection connection, string federation, Owned mine, byte[] head,
        CancellationToken cancellation)
    {
        const string IsMine = "select 1 from plume.ledger_head where federation = $1 and epoch = $2 and version = $3 and head "
            + "= $4";
        var same = await connection.QueryAsync(IsMine, [federation, mine.Epoch, mine.Version, head], row => row.GetInt32(0),
            cancellation).ConfigureAwait(false);
        if (same.Count == 0)
            throw Fence(federation, mine.Epoch, await ReadHeadAsync(connection, federation, cancellation).ConfigureAwait(false),
                $"version {mine.Version} is not the next, or not the one that its records are of");
    }

    // The same for an append: only this owner can have added events in its epoch.
    static async Task RequireEventsAsync(NpgsqlConnection connection, string federation, Owned mine, int position, byte[][] added,
        CancellationToken cancellation)
    {
        var head = await ReadHeadAsync(connection, federation, cancellation).ConfigureAwait(false);
        if (head.Epoch != mine.Epoch || head.Version != mine.Version || head.Events < position + added.Length)
            throw Fence(federation, mine.Epoch, head, $"the append expects {position} events since version {mine.Version}");
        var there = await ReadEventsAsync(connection, federation, mine.Version, position + added.Length, cancellation)
            .ConfigureAwait(false);
        for (int index = 0; index < added.Length; index++)
        {
            if (!there[position + index].AsSpan().SequenceEqual(added[index]))
                throw Fence(federation, mine.Epoch, head, $"event {position + index} is another");
        }
    }

    static async Task<Head> ReadHeadAsync(NpgsqlConnection connection, string federation, CancellationToken cancellation)
    {
        var heads = await connection.QueryAsync(ReadHead, [federation],
            row => new Head(row.GetInt64(0), row.GetInt32(1), row.GetInt32(2)), cancellation).ConfigureAwait(false);
        return heads is [var head] ? head : new Head(0, -1, 0);
    }

    static Task<List<byte[]>> ReadEventsAsync(NpgsqlConnection connection, string federation, int version, int end,
        CancellationToken cancellation) => connection.QueryAsync(
        "select event from plume.ledger_event where federation = $1 and version = $2 and position < $3 order by position",
        [federation, version, end], row => row.GetFieldValue<byte[]>(0), cancellation);

    // A ledger is written by who took it over here; what another server's owner was told is that server's.
    int VersionOf(string federation, long epoch) =>
        owned.TryGetValue(StorageName.Check(federation), out var mine) && mine.Epoch == epoch
        ? mine.Version
        : throw new FencedException($"The federation '{federation}' has a newer owner than epoch {epoch}.");

    static FencedException Fence(string federation, long epoch, Head head, string refusal) => new(head.Epoch == epoch
        ? $"The ledger of '{federation}' has version {head.Version} and {head.Events} events since; {refusal}."
        : $"The federation '{federation}' has a newer owner, of epoch {head.Epoch}, than epoch {epoch}.");
}
