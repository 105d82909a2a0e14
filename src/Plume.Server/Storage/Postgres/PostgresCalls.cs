using Npgsql;

namespace Plume.Server.Storage.Postgres;

/// <summary>
/// Calls on a database that outlive its restarts: what fails for a moment is tried again, with longer and longer pauses, until
/// the patience is spent.
/// </summary>
/// <remarks>
/// A call is single statements, or one batch that is a transaction of its own. None keeps a transaction open between two round
/// trips: a server that vanished in between would hold its locks until PostgreSQL noticed.
/// </remarks>
sealed class PostgresCalls(NpgsqlDataSource source, TimeProvider time)
{
    static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    readonly string place = PlaceOf(source.ConnectionString);

    /// <summary>How long a call is tried again.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Runs a call, again where it failed for a moment only.</summary>
    /// <param name="purpose">What it does, for an error: <c>the commit of version 3 of 'digits'</c>.</param>
    /// <param name="call">Takes a connection and whether an earlier try may have taken effect. Must do nothing twice.</param>
    /// <param name="cancellation">Stops waiting; the call may or may not have taken effect.</param>
    /// <exception cref="IOException">PostgreSQL refused, or could not be reached for as long as the patience lasts.</exception>
    /// <exception cref="InvalidOperationException">The database has no tables of Plume.</exception>
    public Task<T> RunAsync<T>(string purpose, Func<NpgsqlConnection, bool, CancellationToken, Task<T>> call,
        CancellationToken cancellation) =>
        RunAsync(purpose, call, static (message, fault, _) => new IOException(message, fault), cancellation);

    /// <summary>Runs a call of which it must be known whether it took effect.</summary>
    /// <param name="purpose">What it does, for an error.</param>
    /// <param name="call">Takes a connection. Must do nothing twice.</param>
    /// <param name="cancellation">Stops waiting; the call may or may not have taken effect.</param>
    /// <exception cref="UnknownOutcomeException">PostgreSQL was lost for as long as the patience lasts, after the call may have
    /// taken effect.</exception>
    /// <exception cref="IOException">The call did not take effect.</exception>
    /// <exception cref="InvalidOperationException">The database has no tables of Plume.</exception>
    public Task WriteAsync(string purpose, Func<NpgsqlConnection, CancellationToken, Task> call,
        CancellationToken cancellation) => RunAsync(
        purpose,
        async (connection, _, token) =>
        {
            await call(connection, token).ConfigureAwait(false);
            return true;
        },
        static (message, fault, doubt) => doubt ? new UnknownOutcomeException(message, fault) : new IOException(message, fault),
        cancellation);

    async Task<T> RunAsync<T>(string purpose, Func<NpgsqlConnection, bool, CancellationToken, Task<T>> call,
        Func<string, Exception, bool, IOException> failure, CancellationToken cancellation)
    {
        long begin = time.GetTimestamp();
        bool doubt = false;
        for (var pause = ShortestPause; ; pause = Longer(pause))
        {
            bool open = false;
            try
            {
                await using var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
                open = true;
                return await call(connection, doubt, cancellation).ConfigureAwait(false);
            }
            catch (NpgsqlException fault)
            {
                doubt |= open && PostgresFault.LeavesDoubt(fault);
                if (PostgresFault.LacksSchema(fault))
                    throw new InvalidOperationException(
                        $"The database {place} has not Plume's tables, or old ones: {fault.Message}. Run 'plume db apply' on it.",
                        fault);
                if (!PostgresFault.Passes(fault) || time.GetElapsedTime(begin) + pause > Patience)
                    throw failure(Explain(purpose, time.GetElapsedTime(begin), doubt, fault), fault, doubt);
            }

            await Task.Delay(Spread(pause), time, cancellation).ConfigureAwait(false);
        }
    }

    string Explain(string purpose, TimeSpan tried, bool doubt, NpgsqlException fault)
    {
        string outcome = doubt ? "may or may not have taken effect" : "did not take effect";
        return $"{purpose} {outcome}: PostgreSQL at {place} failed for {tried.TotalSeconds:0.0} s, at last with "
            + $"\"{fault.Message}\". {PostgresFault.NextStep(fault)}";
    }

    static TimeSpan Longer(TimeSpan pause) => pause * 2 < LongestPause ? pause * 2 : LongestPause;

    // Servers that lost the database at one moment do not come back at one moment.
    static TimeSpan Spread(TimeSpan pause) => pause * (0.5 + (Random.Shared.NextDouble() / 2));

    static string PlaceOf(string connectionString)
    {
        var parts = new NpgsqlConnectionStringBuilder(connectionString);
        return $"{parts.Host}:{parts.Port}/{parts.Database}";
    }
}
