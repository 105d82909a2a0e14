namespace Plume.Client.Calls;

/// <summary>
/// Cancels a call on which nothing moves any more: a peer that is gone without a word, or one that does not answer.
/// </summary>
sealed class StallGuard : IDisposable
{
    readonly CancellationTokenSource source;
    readonly CancellationTokenRegistration left;
    readonly TimeSpan patience;

    public StallGuard(TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        this.patience = patience;
        source = new CancellationTokenSource(patience, time);
        left = cancellation.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), source);
    }

    /// <summary>Is cancelled when nothing moved for too long, or when the caller leaves.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>Something moved.</summary>
    public void Moved() => source.CancelAfter(patience);

    /// <summary>Something moved, and the peer may take its time with the next.</summary>
    public void Waits(TimeSpan longest) => source.CancelAfter(longest + patience);

    public void Dispose()
    {
        left.Dispose();
        source.Dispose();
    }
}
