using Npgsql;

namespace Plume.Server.Storage.Postgres;

/// <summary>The connection strings that Plume uses: the operator's own, with what it leaves open.</summary>
static class PostgresConnection
{
    // A database that does not answer is noticed within seconds.
    const int ConnectSeconds = 5;
    const int CommandSeconds = 15;

    /// <summary>A connection string with Plume's timeouts, where it has none of its own.</summary>
    public static string Complete(string connectionString) => Parse(connectionString).ConnectionString;

    /// <summary>The same for Orleans, which looks for its table of queries in the first schema.</summary>
    public static string CompleteForOrleans(string connectionString)
    {
        var parts = Parse(connectionString);
        parts.SearchPath = "plume";
        return parts.ConnectionString;
    }

    static NpgsqlConnectionStringBuilder Parse(string connectionString)
    {
        var parts = new NpgsqlConnectionStringBuilder(connectionString);
        // ContainsKey would tell which keys there can be.
        if (!parts.ShouldSerialize("Timeout"))
            parts.Timeout = ConnectSeconds;
        if (!parts.ShouldSerialize("Command Timeout"))
            parts.CommandTimeout = CommandSeconds;
        return parts;
    }
}
