using Npgsql;

namespace Plume.Server.Storage.Postgres;

/// <summary>Statements with values in the places $1, $2 and so on.</summary>
static class PostgresCommands
{
    /// <summary>A statement on a connection.</summary>
    public static NpgsqlCommand Command(this NpgsqlConnection connection, string text, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlCommand(text, connection);
        AddValues(command.Parameters, values);
        return command;
    }

    /// <summary>Adds a statement to a batch, all of which is one transaction.</summary>
    public static NpgsqlBatchCommand Add(this NpgsqlBatch batch, string text, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlBatchCommand(text);
        AddValues(command.Parameters, values);
        batch.BatchCommands.Add(command);
        return command;
    }

    /// <summary>Runs a statement that returns nothing.</summary>
    /// <returns>How many rows it changed.</returns>
    public static async Task<int> ExecuteAsync(this NpgsqlConnection connection, string text, object[] values,
        CancellationToken cancellation)
    {
        await using var command = connection.Command(text, values);
        return await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Runs a statement and reads its rows.</summary>
    public static async Task<List<T>> QueryAsync<T>(this NpgsqlConnection connection, string text, object[] values,
        Func<NpgsqlDataReader, T> read, CancellationToken cancellation)
    {
        await using var command = connection.Command(text, values);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            rows.Add(read(reader));
        return rows;
    }

    static void AddValues(NpgsqlParameterCollection parameters, ReadOnlySpan<object> values)
    {
        foreach (object value in values)
            parameters.Add(new NpgsqlParameter { Value = value });
    }
}
