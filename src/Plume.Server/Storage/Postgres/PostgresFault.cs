using System.Collections.Frozen;
using Npgsql;

namespace Plume.Server.Storage.Postgres;

/// <summary>What an error of PostgreSQL, or of the way to it, says about the statement that met it.</summary>
static class PostgresFault
{
    static readonly FrozenSet<string> Refused = FrozenSet.Create(
        PostgresErrorCodes.SerializationFailure,
        PostgresErrorCodes.DeadlockDetected,
        PostgresErrorCodes.LockNotAvailable,
        PostgresErrorCodes.TooManyConnections,
        PostgresErrorCodes.CannotConnectNow,
        // Two moves to one name at once: the second finds the first's blob there when it comes again.
        PostgresErrorCodes.UniqueViolation);

    static readonly FrozenSet<string> Cut = FrozenSet.Create(
        PostgresErrorCodes.AdminShutdown,
        PostgresErrorCodes.CrashShutdown,
        PostgresErrorCodes.ConnectionException,
        PostgresErrorCodes.ConnectionDoesNotExist,
        PostgresErrorCodes.ConnectionFailure,
        PostgresErrorCodes.SqlClientUnableToEstablishSqlConnection);

    /// <summary>Whether the same statement may well succeed a little later.</summary>
    public static bool Passes(NpgsqlException fault) =>
        fault is PostgresException answer ? Refused.Contains(answer.SqlState) || Cut.Contains(answer.SqlState)
            : fault.IsTransient;

    /// <summary>Whether the statement may have taken effect all the same: the connection ended before an answer came.</summary>
    public static bool LeavesDoubt(NpgsqlException fault) =>
        fault is not PostgresException answer || Cut.Contains(answer.SqlState);

    /// <summary>Whether Plume's tables are not there.</summary>
    public static bool LacksSchema(NpgsqlException fault) =>
        fault is PostgresException
        {
            SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName
            or PostgresErrorCodes.UndefinedColumn
        };

    /// <summary>What an operator can do about it, as a sentence.</summary>
    public static string NextStep(NpgsqlException fault) => (fault as PostgresException)?.SqlState switch
    {
        PostgresErrorCodes.DiskFull => "Make room on the database's disk.",
        PostgresErrorCodes.ReadOnlySqlTransaction =>
            "This database takes no writes, as a standby does; name the primary in the connection string.",
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            "Check the user and the password of the connection string.",
        PostgresErrorCodes.InvalidCatalogName => "Make the database, or name another in the connection string.",
        PostgresErrorCodes.InsufficientPrivilege => "Grant the user of the connection string the schema 'plume' and its tables.",
        _ => "Check that PostgreSQL runs and that this machine reaches it.",
    };
}
