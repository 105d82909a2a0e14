using Npgsql;

namespace Plume.Server.Storage.Postgres;

/// <summary>Everything that several servers keep together in one PostgreSQL database.</summary>
public sealed class PostgresStorage : IAsyncDisposable
{
    readonly NpgsqlDataSource source;

    PostgresStorage(NpgsqlDataSource source, PostgresCalls calls)
    {
        this.source = source;
        Blobs = new PostgresBlobs(calls);
        Ledger = new PostgresLedger(calls);
        Records = new PostgresRecords(calls);
    }

    /// <summary>Uploads, payloads, checkpoints.</summary>
    public IBlobs Blobs { get; }

    /// <summary>The federations' ledgers.</summary>
    public ILedger Ledger { get; }

    /// <summary>Who is enrolled, and the like.</summary>
    public IRecords Records { get; }

    /// <summary>Opens the storage in a database that has Plume's tables.</summary>
    /// <param name="connectionString">Where the database is.</param>
    /// <param name="time">What pauses between two tries are measured with.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="IOException">The database cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">Its tables are not there or of another version, or it would forget
    /// acknowledged writes in a crash.</exception>
    public static async Task<PostgresStorage> OpenAsync(string connectionString, TimeProvider time,
        CancellationToken cancellation)
    {
        var source = NpgsqlDataSource.Create(PostgresConnection.Complete(connectionString));
        try
        {
            var calls = new PostgresCalls(source, time);
            await PostgresSchema.CheckAsync(calls, cancellation).ConfigureAwait(false);
            return new PostgresStorage(source, calls);
        }
        catch
        {
            await source.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Closes the connections.</summary>
    public ValueTask DisposeAsync() => source.DisposeAsync();
}
