using Npgsql;

namespace Plume.Server.Storage.Postgres;

/// <summary>Records in PostgreSQL, for servers that share them.</summary>
public sealed class PostgresRecords : IRecords
{
    const int Largest = 64 << 10;

    readonly PostgresCalls calls;

    internal PostgresRecords(PostgresCalls calls) => this.calls = calls;

    /// <inheritdoc/>
    public async Task<Record?> ReadAsync(string key, CancellationToken cancellation)
    {
        StorageName.Check(key);
        var found = await calls.RunAsync($"The reading of the record '{key}'", (connection, _, token) => connection.QueryAsync(
            "select value, revision from plume.record where key = $1", [key], row => ReadRecord(row, 0), token), cancellation)
                .ConfigureAwait(false);
        return found.SingleOrDefault();
    }

    /// <inheritdoc/>
    public Task<bool> WriteAsync(string key, byte[] value, long revision, CancellationToken cancellation)
    {
        StorageName.Check(key);
        ArgumentNullException.ThrowIfNull(value);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Length, Largest, nameof(value));
        ArgumentOutOfRangeException.ThrowIfNegative(revision);
        var writer = Guid.NewGuid();
        return calls.RunAsync($"The writing of the record '{key}'", async (connection, doubt, token) =>
        {
            string write = revision == 0
                ? "insert into plume.record (key, value, writer, revision) values ($1, $2, $3, $4 + 1) on conflict do nothing"
                : "update plume.record set value = $2, writer = $3, revision = revision + 1 where key = $1 and revision = $4";
            return await connection.ExecuteAsync(write, [key, value, writer, revision], token).ConfigureAwait(false) == 1
                || (doubt && await WasWrittenAsync(connection, key, writer, revision + 1, token).ConfigureAwait(false));
        }, cancellation);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<KeyValuePair<string, Record>>> ListAsync(string prefix, CancellationToken cancellation)
    {
        StorageName.CheckPrefix(prefix);
        return await calls.RunAsync($"The list of the records of '{prefix}'", (connection, _, token) => connection.QueryAsync(
            "select key, value, revision from plume.record where key >= $1 and key < $1 || '~' order by key", [prefix],
            row => KeyValuePair.Create(row.GetString(0), ReadRecord(row, 1)), token), cancellation).ConfigureAwait(false);
    }

    // The connection ended before the answer came, and the revision is another by now: this write's, or somebody else's?
    static async Task<bool> WasWrittenAsync(NpgsqlConnection connection, string key, Guid writer, long revision,
        CancellationToken cancellation)
    {
        var found = await connection.QueryAsync("select writer, revision from plume.record where key = $1", [key],
            row => (Writer: row.GetGuid(0), Revision: row.GetInt64(1)), cancellation).ConfigureAwait(false);
        return found switch
        {
            [var now] when now.Revision == revision => now.Writer == writer,
            [var now] when now.Revision > revision =>
                throw new IOException($"The record '{key}' was written again while the connection to PostgreSQL was lost, so "
                    + $"it cannot be told whether revision {revision} was this write. Read it and decide anew."),
            _ => false,
        };
    }

    static Record ReadRecord(NpgsqlDataReader row, int column) =>
        new(row.GetFieldValue<byte[]>(column), row.GetInt64(column + 1));
}
