namespace Plume.Client.Calls;

/// <summary>
/// Waits between tries: at random up to the time that the trouble has lasted, so that clients that failed together do not come
/// back together, and all are back after an outage in about the time that it took.
/// </summary>
sealed class Backoff(ClientOptions options)
{
    long? since;

    /// <summary>The next wait.</summary>
    public TimeSpan Next()
    {
        long now = options.Time.GetTimestamp();
        since ??= now;
        var lasted = options.Time.GetElapsedTime(since.Value, now);
        var bound = lasted < options.FirstBackoff ? options.FirstBackoff : lasted > options.LongestBackoff
            ? options.LongestBackoff : lasted;
        return bound * options.Jitter.NextDouble();
    }

    /// <summary>Something went well: the next failure is a first one.</summary>
    public void Reset() => since = null;
}
