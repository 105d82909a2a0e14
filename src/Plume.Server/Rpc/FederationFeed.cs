using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.News;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Grains;

namespace Plume.Server.Rpc;

/// <summary>
/// What this silo knows of one federation. One call to the grain waits for news on behalf of all clients that this silo
/// holds, and tells it of them in groups, so that thousands of waiting clients cost the grain nothing.
/// </summary>
sealed partial class FederationFeed(FederationDefinition definition, IFederationGrain grain, FederationMetrics metrics,
    TimeProvider time, ILogger logger, CancellationToken stopping)
{
    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);
    static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan TellInterval = TimeSpan.FromSeconds(1);

    // Begun anew when a place was given back; what was on its way then goes into the old one.
    volatile ConcurrentDictionary<string, int> numbers = new(StringComparer.Ordinal);
    ConcurrentDictionary<int, bool> heard = new();
    readonly ConcurrentDictionary<int, int> held = [];
    long downloaded;
    string? trouble;
    volatile FederationSnapshot? snapshot;
    volatile TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FederationDefinition Definition => definition;

    /// <summary>Most bytes of one upload.</summary>
    public long LargestUpload { get; } = definition.LargestUpload;

    public IFederationGrain Grain => grain;

    /// <summary>What travelled in the round at hand, where a budget bounds it.</summary>
    public RoundMeter Meter { get; } = new();

    /// <summary>What clients were seen to do.</summary>
    public ClientActivities Activities { get; } = new();

    /// <summary>The newest known; null before the first.</summary>
    public FederationSnapshot? Snapshot => snapshot;

    /// <summary>Why the federation cannot go on before somebody mends its storage; null where it can.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Waits for another snapshot than this one, or until the time is over.</summary>
    /// <exception cref="RpcException">The server stops, which need not wait for those who wait.</exception>
    public async Task<FederationSnapshot?> WaitAsync(FederationSnapshot? known, TimeSpan longest, CancellationToken cancellation)
    {
        var signal = changed.Task;
        if (!ReferenceEquals(snapshot, known))
            return snapshot;
        using var held = metrics.Hold();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stopping);
        await Task.WhenAny(signal, Task.Delay(longest, time, ended.Token)).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        return stopping.IsCancellationRequested
            ? throw new RpcException(new Status(StatusCode.Unavailable, "The server stops; ask again in a while.")) : snapshot;
    }

    /// <summary>The place of a client; null where it has not joined.</summary>
    public async ValueTask<int?> NumberOfAsync(string name)
    {
        var known = numbers;
        if (known.TryGetValue(name, out int number))
            return number;
        if (await grain.NumberOfAsync(name) is not { } found)
            return null;
        return known[name] = found;
    }

    /// <summary>Notes that a client called.</summary>
    public void Heard(int client) => heard[client] = true;

    /// <summary>Notes that a client called, and takes it for one that is there until what is returned is disposed.</summary>
    public IDisposable Hold(int client)
    {
        Heard(client);
        held.AddOrUpdate(client, 1, (_, calls) => calls + 1);
        return new Held(this, client);
    }

    /// <summary>Counts bytes sent to clients.</summary>
    public void CountDownload(long bytes)
    {
        Interlocked.Add(ref downloaded, bytes);
        metrics.Downloaded(bytes);
    }

    /// <summary>
    /// Tells the federation at once what was downloaded so far, and not within a second: what made an update belongs to its
    /// round.
    /// </summary>
    public async Task TellDownloadsAsync()
    {
        if (Interlocked.Exchange(ref downloaded, 0) is not (> 0 and var bytes))
            return;
        try
        {
            await grain.HeardAsync([], bytes).ConfigureAwait(false);
        }
        catch (Exception)
        {
            Interlocked.Add(ref downloaded, bytes);
        }
    }

    /// <summary>Follows the federation until it is cancelled or cannot go on, wherever its grain goes.</summary>
    public async Task FollowAsync(CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var telling = TellAsync(ended.Token);
        while (!cancellation.IsCancellationRequested && Refusal is null)
        {
            try
            {
                var next = await grain.WaitAsync(snapshot?.Sequence ?? 0, LongestWait).WaitAsync(cancellation)
                    .ConfigureAwait(false);
                if (next.Sequence == snapshot?.Sequence)
                    continue;
                if (next.PlacesSince != snapshot?.PlacesSince)
                {
                    numbers = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
                    Activities.ForgetPlaces();
                }

                snapshot = next with { Heard = time.GetTimestamp() };
                var before = changed;
                changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                before.TrySetResult();
            }
            catch (InvalidDataException damage)
            {
                Refusal = damage.Message;
                LogRefused(logger, definition.Name, damage.Message);
            }
            catch (Exception problem) when (problem is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                if (!stopping.IsCancellationRequested && problem.Message != trouble)
                    LogAway(logger, definition.Name, trouble = problem.Message);
                await Task.Delay(RetryDelay, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
            }
        }

        await ended.CancelAsync().ConfigureAwait(false);
        await telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Federation} does not answer yet and is asked again: {Problem}")]
    static partial void LogAway(ILogger logger, string federation, string problem);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Federation} cannot go on. {Problem}")]
    static partial void LogRefused(ILogger logger, string federation, string problem);

    async Task TellAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(TellInterval, time);
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
        {
            var clients = Interlocked.Exchange(ref heard, new ConcurrentDictionary<int, bool>());
            foreach (int client in held.Keys)
                clients[client] = true;
            long bytes = Interlocked.Exchange(ref downloaded, 0);
            if (clients.IsEmpty && bytes == 0)
                continue;
            try
            {
                await grain.HeardAsync([.. clients.Keys], bytes).ConfigureAwait(false);
            }
            catch (Exception) when (!cancellation.IsCancellationRequested)
            {
                foreach (int client in clients.Keys)
                    heard[client] = true;
                Interlocked.Add(ref downloaded, bytes);
            }
        }
    }

    sealed class Held(FederationFeed feed, int client) : IDisposable
    {
        public void Dispose()
        {
            if (feed.held.AddOrUpdate(client, 0, (_, calls) => calls - 1) <= 0)
                feed.held.TryRemove(KeyValuePair.Create(client, 0));
        }
    }
}
