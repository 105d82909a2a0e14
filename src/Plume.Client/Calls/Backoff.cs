namespace Plume.Client.Calls;

/// <summary>Waits between tries: at random between nothing and a bound that doubles with every failure, so that clients that failed together do not come back together.</summary>
sealed class Backoff(ClientOptions options)
{
    TimeSpan bound = options.FirstBackoff;

    /// <summary>The next wait.</summary>
    public TimeSpan Next()
    {
        var wait = bound * options.Jitter.NextDouble();
        bound = bound < options.LongestBackoff / 2 ? bound * 2 : options.LongestBackoff;
        return wait;
    }

    /// <summary>Something went well: the next failure is a first one.</summary>
    public void Reset() => bound = options.FirstBackoff;
}
