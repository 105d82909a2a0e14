using Npgsql;

namespace Plume.Server.Storage.Postgres;

/// <summary>Plume's tables in a database: the schema <c>plume</c>.</summary>
public static class PostgresSchema
{
    /// <summary>The version of the tables that this program reads and writes.</summary>
    public const int Version = 2;

    // Any number, as long as all programs take the same one: "plume" in ASCII.
    const long ApplyLock = 0x706c756d65;

    /// <summary>
    /// Makes Plume's tables, all of them or none. Does nothing where they are there; programs that do it at once take turns.
    /// </summary>
    /// <param name="connectionString">The database, and a user that may make a schema in it.</param>
    /// <param name="cancellation">Stops the work; nothing has changed then.</param>
    /// <returns>Whether anything had to be made.</returns>
    /// <exception cref="InvalidOperationException">The tables are of a newer program.</exception>
    /// <exception cref="NpgsqlException">The database refused, or could not be reached.</exception>
    public static async Task<bool> ApplyAsync(string connectionString, CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await connection.ExecuteAsync("select pg_advisory_xact_lock($1)", [ApplyLock], cancellation).ConfigureAwait(false);
        await connection.ExecuteAsync("create schema if not exists plume", [], cancellation).ConfigureAwait(false);
        await connection.ExecuteAsync(
            "create table if not exists plume.schema_version (version integer primary key, applied timestamptz not null "
                + "default now())", [], cancellation).ConfigureAwait(false);
        int found = await ReadVersionAsync(connection, cancellation).ConfigureAwait(false);
        if (found > Version)
            throw Newer(found);
        if (found == Version)
            return false;
        for (int version = found + 1; version <= Version; version++)
        {
            await connection.ExecuteAsync(ReadScript(version), [], cancellation).ConfigureAwait(false);
            await connection.ExecuteAsync("insert into plume.schema_version (version) values ($1)", [version], cancellation)
                .ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return true;
    }

    /// <summary>Refuses a database whose tables are of another version, or which acknowledges what it has not kept yet.</summary>
    internal static Task CheckAsync(PostgresCalls calls, CancellationToken cancellation) =>
        calls.RunAsync("The check of the database", async (connection, _, token) =>
    {
        int found = await ReadVersionAsync(connection, token).ConfigureAwait(false);
        if (found > Version)
            throw Newer(found);
        if (found < Version)
            throw new InvalidOperationException(
                $"The database's tables are of version {found}, and this program needs version {Version}. Run 'plume db apply' "
                    + $"on it.");
        await using var command = connection.Command("show synchronous_commit");
        if (await command.ExecuteScalarAsync(token).ConfigureAwait(false) is "off")
            throw new InvalidOperationException(
                "The database's setting synchronous_commit is off, so that it forgets in a crash what Plume has acknowledged. "
                    + "Set it to on for Plume's user: alter role NAME set synchronous_commit = on.");
        return found;
    }, cancellation);

    static async Task<int> ReadVersionAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = connection.Command("select coalesce(max(version), 0) from plume.schema_version");
        return (int)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    static string ReadScript(int version)
    {
        using var stream = typeof(PostgresSchema).Assembly.GetManifestResourceStream(
            $"Plume.Server.Storage.Postgres.schema-{version}.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    static InvalidOperationException Newer(int found) =>
        new($"The database's tables are of version {found}, and this program knows version {Version} at most. Use the newer "
            + $"program.");
}
