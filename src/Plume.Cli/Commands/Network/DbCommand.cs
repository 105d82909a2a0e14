using System.CommandLine;
using System.Data.Common;
using Plume.Cli.Errors;
using Plume.Server.Storage.Postgres;

namespace Plume.Cli.Commands.Network;

/// <summary><c>plume db apply</c>: the tables of a cluster.</summary>
static class DbCommand
{
    /// <summary>What stands for the connection string in the environment.</summary>
    const string FromEnvironment = "env";

    public static Command Create()
    {
        var connection = new Option<string>("--postgres")
        {
            Description = "The connection string; env takes it from the variable PLUME_POSTGRES, which other processes do not "
                + "see.",
            HelpName = "CONNECTION|env",
            DefaultValueFactory = _ => FromEnvironment,
        };
        var apply = new Command("apply", "Make Plume's tables in a PostgreSQL database, or bring them up to date.")
        {
            connection,
        };
        apply.SetAction(async (line, stop) =>
        {
            bool made = await ExplainAsync(PostgresSchema.ApplyAsync, ConnectionString(line.GetValue(connection)!), stop);
            Console.Out.WriteLine(made ? "The tables are made." : "The tables were there already.");
            return (int)ExitCode.Done;
        });
        return new Command("db", "The database of a cluster.") { apply };
    }

    /// <summary>The connection string that a setting gives, itself or by the environment.</summary>
    /// <exception cref="CliException">The environment has none.</exception>
    public static string ConnectionString(string given) => given != FromEnvironment
        ? given
        : Environment.GetEnvironmentVariable("PLUME_POSTGRES") is { Length: > 0 } found
            ? found
            : throw new CliException(ExitCode.Usage,
                "The database's connection string is to come from the environment variable PLUME_POSTGRES, which is not set. "
                    + "Set it: Host=...;Database=...;Username=...");

    /// <summary>Opens a cluster's storage.</summary>
    /// <exception cref="CliException">The database is not one that a server can use.</exception>
    public static Task<PostgresStorage> OpenAsync(string connection, CancellationToken stop) =>
        ExplainAsync((database, token) => PostgresStorage.OpenAsync(database, TimeProvider.System, token), connection, stop);

    // The connection string may hold a password, so no message repeats any of it.
    static async Task<T> ExplainAsync<T>(Func<string, CancellationToken, Task<T>> work, string connection, CancellationToken stop)
    {
        try
        {
            return await work(connection, stop);
        }
        catch (ArgumentException broken)
        {
            throw new CliException(ExitCode.Usage,
                "The database's connection string must be keys and values such as Host=...;Database=...;Username=..., but is "
                    + "not, or has a key or value that PostgreSQL's driver does not know.", broken);
        }
        catch (InvalidOperationException unfit)
        {
            throw new CliException(ExitCode.Usage, OneLine(unfit.Message), unfit);
        }
        catch (DbException refused)
        {
            throw new CliException(ExitCode.Output,
                $"The database cannot be used: {OneLine(refused.Message).TrimEnd('.')}. Check that PostgreSQL runs, that this "
                    + $"machine reaches it, and the user's rights.", refused);
        }
    }

    // PostgreSQL's driver adds positions in lines of their own.
    static string OneLine(string text) =>
        string.Join(' ', text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
