using System.Data;
using Npgsql;

namespace Plume.Server.Storage.Postgres;

/// <summary>Blobs in PostgreSQL, as rows of at most 1 MiB. Everything is durable as soon as it is there.</summary>
public sealed class PostgresBlobs : IBlobs
{
    const int ChunkBytes = 1 << 20;

    readonly PostgresCalls calls;

    internal PostgresBlobs(PostgresCalls calls) => this.calls = calls;

    readonly record struct Blob(long Id, long Length, long Revision);

    /// <inheritdoc/>
    public async Task<long?> LengthAsync(string name, CancellationToken cancellation)
    {
        StorageName.Check(name);
        return (await calls.RunAsync($"The look at the blob '{name}'",
            (connection, _, token) => FindAsync(connection, name, token), cancellation).ConfigureAwait(false))?.Length;
    }

    /// <inheritdoc/>
    public Task AppendAsync(string name, long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        StorageName.Check(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return calls.RunAsync($"The append at {offset} to the blob '{name}'", async (connection, _, token) =>
        {
            // An append that another one overtook looks again. One that was made, though the answer was lost, is made anew
            // in its own place.
            while (true)
            {
                var blob = await FindToAppendAsync(connection, name, offset, token).ConfigureAwait(false);
                if (await AppendAsync(connection, blob, offset, bytes, token).ConfigureAwait(false))
                    return bytes.Length;
            }
        }, cancellation);
    }

    /// <inheritdoc/>
    public async Task FlushAsync(string name, CancellationToken cancellation)
    {
        if (await LengthAsync(name, cancellation).ConfigureAwait(false) is null)
            throw Missing(name);
    }

    /// <inheritdoc/>
    public Task MoveAsync(string from, string to, CancellationToken cancellation)
    {
        StorageName.Check(from);
        StorageName.Check(to);
        Blob? moving = null;
        return calls.RunAsync($"The move of the blob '{from}' to '{to}'", async (connection, _, token) =>
        {
            if (moving is { } before && (await FindAsync(connection, to, token).ConfigureAwait(false))?.Id == before.Id)
                return true;
            moving = await FindAsync(connection, from, token).ConfigureAwait(false) ?? throw Missing(from);
            return from == to || await MoveAsync(connection, moving.Value.Id, from, to, token).ConfigureAwait(false) ? true
                : throw Missing(from);
        }, cancellation);
    }

    /// <inheritdoc/>
    public Task<int> ReadAsync(string name, long offset, Memory<byte> destination, CancellationToken cancellation)
    {
        StorageName.Check(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return calls.RunAsync($"The reading at {offset} of the blob '{name}'",
            (connection, _, token) => ReadAsync(connection, name, offset, destination, token), cancellation);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string name, CancellationToken cancellation)
    {
        StorageName.Check(name);
        return calls.RunAsync($"The deletion of the blob '{name}'", async (connection, _, token) =>
            // By what the name means now, so that a statement that was delayed on its way finds no later blob of that name.
            await FindAsync(connection, name, token).ConfigureAwait(false) is { } blob
                ? await connection.ExecuteAsync("delete from plume.blob where id = $1 and name = $2", [blob.Id, name], token)
                    .ConfigureAwait(false)
                : 0, cancellation);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancellation)
    {
        StorageName.CheckPrefix(prefix);
        return await calls.RunAsync($"The list of the blobs of '{prefix}'", (connection, _, token) => connection.QueryAsync(
            "select name from plume.blob where name >= $1 and name < $1 || '~' order by name", [prefix], row => row.GetString(0),
            token), cancellation).ConfigureAwait(false);
    }

    static async Task<Blob?> FindAsync(NpgsqlConnection connection, string name, CancellationToken cancellation)
    {
        var found = await connection.QueryAsync("select id, length, revision from plume.blob where name = $1", [name],
            row => new Blob(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)), cancellation).ConfigureAwait(false);
        return found is [var blob] ? blob : null;
    }

    static async Task<Blob> FindToAppendAsync(NpgsqlConnection connection, string name, long offset,
        CancellationToken cancellation)
    {
        var blob = await FindAsync(connection, name, cancellation).ConfigureAwait(false);
        if (blob is null && offset == 0)
        {
            await connection.ExecuteAsync(
                "insert into plume.blob (name, length, revision) values ($1, 0, 0) on conflict do nothing", [name], cancellation)
                    .ConfigureAwait(false);
            blob = await FindAsync(connection, name, cancellation).ConfigureAwait(false);
        }

        return blob is { } found && found.Length >= offset
            ? found
            : throw new InvalidOperationException(
                $"'{name}' has {blob?.Length ?? 0} bytes, so nothing can be added at {offset}.");
    }

    // All of it or nothing, in one round trip; false where the blob is not as it was found.
    static async Task<bool> AppendAsync(NpgsqlConnection connection, Blob blob, long offset, ReadOnlyMemory<byte> bytes,
        CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("select 1 from plume.blob where id = $1 and revision = $2 for update", blob.Id, blob.Revision);
        if (blob.Length > offset)
            AddCut(batch, blob, offset);
        for (int start = 0; start < bytes.Length; start += ChunkBytes)
        {
            batch.Add("insert into plume.blob_chunk (blob, start, bytes) select id, $3, $4 from plume.blob where id = $1 and "
                + "revision = $2",
                blob.Id, blob.Revision, offset + start, bytes.Slice(start, Math.Min(ChunkBytes, bytes.Length - start)));
        }

        var grow = batch.Add("update plume.blob set length = $3, revision = revision + 1 where id = $1 and revision = $2",
            blob.Id, blob.Revision, offset + bytes.Length);
        await batch.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        return grow.RecordsAffected == 1;
    }

    static void AddCut(NpgsqlBatch batch, Blob blob, long offset)
    {
        batch.Add("delete from plume.blob_chunk as c using plume.blob as b where b.id = $1 and b.revision = $2 and c.blob = "
            + "b.id and c.start >= $3", blob.Id, blob.Revision, offset);
        batch.Add("""
            update plume.blob_chunk as c set bytes = substring(c.bytes from 1 for ($3 - c.start)::integer)
            from plume.blob as b
            where b.id = $1 and b.revision = $2 and c.blob = b.id and c.start + octet_length(c.bytes) > $3
                and c.start = (select max(start) from plume.blob_chunk where blob = $1 and start < $3)
            """, blob.Id, blob.Revision, offset);
    }

    static async Task<bool> MoveAsync(NpgsqlConnection connection, long id, string from, string to,
        CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("delete from plume.blob where name = $3 and exists (select from plume.blob where id = $1 and name = $2)", id,
            from, to);
        var move = batch.Add("update plume.blob set name = $3 where id = $1 and name = $2", id, from, to);
        await batch.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        return move.RecordsAffected == 1;
    }

    static async Task<int> ReadAsync(NpgsqlConnection connection, string name, long offset, Memory<byte> destination,
        CancellationToken cancellation)
    {
        // From the chunk in which the offset lies; of the first and the last chunk only the part that is asked for.
        const string Read = """
            select c.start, substring(c.bytes
                from least(greatest($2 - c.start, 0), 1048576)::integer + 1 for ($3 - greatest(c.start, $2))::integer)
            from plume.blob as b left join plume.blob_chunk as c on c.blob = b.id and c.start < $3
                and c.start >= coalesce((select max(start) from plume.blob_chunk where blob = b.id and start <= $2), 0)
            where b.name = $1 order by c.start
            """;
        await using var command = connection.Command(Read, name, offset, offset + destination.Length);
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellation)
            .ConfigureAwait(false);
        if (!await reader.ReadAsync(cancellation).ConfigureAwait(false))
            throw Missing(name);
        int read = 0;
        do
        {
            if (await reader.IsDBNullAsync(0, cancellation).ConfigureAwait(false))
                break;
            read = (int)Math.Max(reader.GetInt64(0) - offset, 0);
            await using var bytes = await reader.GetStreamAsync(1, cancellation).ConfigureAwait(false);
            read += await bytes.ReadAtLeastAsync(destination[read..], destination.Length - read, throwOnEndOfStream: false,
                cancellation).ConfigureAwait(false);
        }
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false));
        return read;
    }

    static FileNotFoundException Missing(string name) => new($"There is no blob '{name}'.");
}
