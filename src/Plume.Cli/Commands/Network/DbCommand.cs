using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Server.Storage.Postgres;

namespace Plume.Cli.Commands.Network;

/// <summary><c>plume db apply</c>: the tables of a cluster.</summary>
static class DbCommand
{
    public static Command Create()
    {
        var connection = new Option<string?>("--postgres") { Description = "The connection string; without it, the environment variable PLUME_POSTGRES, which other processes do not see." };
        var apply = new Command("apply", "Make Plume's tables in a PostgreSQL database, or bring them up to date.") { connection };
        apply.SetAction(async (line, stop) =>
        {
            bool made = await PostgresSchema.ApplyAsync(ConnectionString(line.GetValue(connection)), stop);
            Console.Out.WriteLine(made ? "The tables are made." : "The tables were there already.");
            return (int)ExitCode.Done;
        });
        return new Command("db", "The database of a cluster.") { apply };
    }

    /// <summary>The connection string that an option or the environment gives.</summary>
    /// <exception cref="CliException">Neither does.</exception>
    public static string ConnectionString(string? given) => given ?? Environment.GetEnvironmentVariable("PLUME_POSTGRES")
        ?? throw new CliException(ExitCode.Usage, "Give the database's connection string with --postgres or in the environment variable PLUME_POSTGRES: Host=...;Database=...;Username=...");
}
