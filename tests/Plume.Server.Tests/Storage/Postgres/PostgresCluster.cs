using System.Diagnostics;
using Npgsql;
using Plume.Server.Hosting;

namespace Plume.Server.Tests.Storage.Postgres;

/// <summary>
/// A PostgreSQL of the tests' own, made by the programs of Debian's package postgresql in a temporary folder, on a free port of
/// loopback. It ends with this process, however that ends.
/// </summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    readonly string folder;
    readonly string programs;
    readonly int port;
    readonly Process guard;

    PostgresCluster(string folder, string programs, int port)
    {
        (this.folder, this.programs, this.port) = (folder, programs, port);
        // Reads until this process closes the pipe, or dies, which closes it too; a signal to all of a terminal is not for it.
        guard = Start("bash", ["-c",
            """trap '' INT TERM HUP; folder=$1; shift; cat >/dev/null; "$@" >/dev/null 2>&1; rm -rf "$folder" """, "guard",
            folder, .. AsOwner("pg_ctl", "-D", Data, "-m", "immediate", "stop")]);
    }

    string Data => Path.Combine(folder, "data");

    public static async Task<PostgresCluster> StartAsync()
    {
        string folder = Directory.CreateTempSubdirectory("plume-postgres-").FullName;
        var cluster = new PostgresCluster(folder, FindPrograms(), FreePort.Take());
        try
        {
            if (IsRoot)
                await RunAsync("chown", ["postgres", folder]);
            // An order of words as people expect it, so that the schema must say where it wants another.
            await RunAsync(cluster.AsOwner("initdb", "-D", cluster.Data, "-A", "trust", "-U", "postgres", "-E", "UTF8",
                "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US", "--no-sync"));
            await cluster.ControlAsync("start");
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public int Port => port;

    public string ConnectionString(string database) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = port,
            Username = "postgres",
            Database = database
        }.ConnectionString;

    /// <summary>Makes an empty database.</summary>
    public async Task<string> CreateDatabaseAsync(string name)
    {
        await ExecuteAsync(ConnectionString("postgres"), $"create database \"{name}\"");
        return ConnectionString(name);
    }

    /// <summary>Kills all of PostgreSQL's processes and starts it again, which repairs itself from its log.</summary>
    public Task RestartAsync() => ControlAsync("restart");

    public Task StopAsync() => ControlAsync("stop");

    public Task StartAgainAsync() => ControlAsync("start");

    /// <summary>Ends all other connections to a database, in the middle of what they do.</summary>
    public async Task EndConnectionsAsync(string database)
    {
        await ExecuteAsync(ConnectionString("postgres"),
            $"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'");
    }

    public static async Task<int> ExecuteAsync(string connectionString, string text)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(text, connection);
        return await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        guard.StandardInput.Close();
        await guard.WaitForExitAsync();
        guard.Dispose();
    }

    // Durability against the loss of power is not what these tests can test, and it is slow.
    Task ControlAsync(string action) =>
        RunAsync(AsOwner("pg_ctl", "-D", Data, "-m", "immediate", "-w", "-s", "-l", Path.Combine(folder, "log"),
        "-o", $"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off -c shared_buffers=32MB",
        action));

    // PostgreSQL refuses to run as root.
    string[] AsOwner(string program, params string[] arguments) =>
        IsRoot ? ["runuser", "-u", "postgres", "--", Path.Combine(programs, program), .. arguments]
            : [Path.Combine(programs, program), .. arguments];

    static bool IsRoot => Environment.IsPrivilegedProcess;

    static Task RunAsync(string[] command) => RunAsync(command[0], command[1..]);

    static async Task RunAsync(string program, string[] arguments)
    {
        using var process = Start(program, arguments);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {await output}{error}");
    }

    static Process Start(string program, string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = Path.GetTempPath(),
    })!;

    static string FindPrograms()
    {
        const string debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(debian) ? Directory.GetDirectories(debian) : [];
        return versions.Select(version => Path.Combine(version, "bin")).Where(bin => File.Exists(Path.Combine(bin, "initdb")))
            .OrderByDescending(bin => int.Parse(Path.GetFileName(Path.GetDirectoryName(bin)!))).FirstOrDefault()
            ?? throw new InvalidOperationException(
                $"The tests need PostgreSQL's programs in {debian}/VERSION/bin. Install Debian's package postgresql.");
    }
}
