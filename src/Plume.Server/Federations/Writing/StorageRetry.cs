using Microsoft.Extensions.Logging;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Storage;

namespace Plume.Server.Federations.Writing;

/// <summary>
/// A disk that is full, or a database that restarts, delays what must be done; it does not undo it. Where it is not known whether
/// it was done, the next owner reads it.
/// </summary>
sealed partial class StorageRetry(string federation, FederationMetrics metrics, TimeProvider time, ILogger logger) : IDisposable
{
    static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(500);

    readonly CancellationTokenSource closing = new();

    /// <summary>Is over when the owner leaves.</summary>
    public CancellationToken Closing => closing.Token;

    /// <summary>Does some work, again and again until storage lets it.</summary>
    /// <exception cref="OperationCanceledException">The owner leaves.</exception>
    public async Task<T> UntilDoneAsync<T>(Func<Task<T>> work)
    {
        while (true)
        {
            try
            {
                return await work().ConfigureAwait(false);
            }
            catch (IOException problem) when (problem is not (FileNotFoundException or UnknownOutcomeException))
            {
                Note(problem);
            }

            await Task.Delay(Delay, time, Closing).ConfigureAwait(false);
        }
    }

    /// <summary>Tells the operator that storage did not let something be done.</summary>
    public void Note(IOException problem)
    {
        LogDelayed(logger, federation, problem.Message);
        metrics.StorageFailed();
    }

    /// <summary>Ends all waiting.</summary>
    public Task CloseAsync() => closing.CancelAsync();

    public void Dispose() => closing.Dispose();

    [LoggerMessage(Level = LogLevel.Error, Message = "{Federation}: storage does not answer, trying again: {Problem}")]
    static partial void LogDelayed(ILogger logger, string federation, string problem);
}
