namespace Plume.Pages.Boards;

/// <summary>
/// Reads boards on behalf of all viewers, twice a second while there is one and not at all while there is none, and tells
/// them when something is new. What is drawn of a board is drawn once for all of them.
/// </summary>
sealed class BoardFeed(IBoards boards, TimeProvider time) : IDisposable
{
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    readonly SemaphoreSlim reading = new(1, 1);
    readonly CancellationTokenSource stopping = new();
    readonly Lock access = new();
    readonly HashSet<Action> viewers = [];
    bool isFollowing;
    long read;

    public string Title => boards.Title;

    /// <summary>The newest that is known.</summary>
    public BoardViews Now { get; private set; } = BoardViews.None;

    /// <summary>Calls back whenever something is new, until what is returned is disposed.</summary>
    public IDisposable Watch(Action changed)
    {
        lock (access)
        {
            viewers.Add(changed);
            if (!isFollowing && !stopping.IsCancellationRequested)
            {
                isFollowing = true;
                _ = FollowAsync();
            }
        }

        return new Viewer(this, changed);
    }

    /// <summary>Makes sure that what is known is not older than viewers are used to.</summary>
    public async Task<BoardViews> ReadAsync(CancellationToken cancellation = default)
    {
        if (!ReferenceEquals(Now, BoardViews.None) && time.GetElapsedTime(read) < Interval / 2)
            return Now;
        await reading.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            Now = Now.Next(await boards.ReadAsync(cancellation).ConfigureAwait(false));
            read = time.GetTimestamp();
            return Now;
        }
        finally
        {
            reading.Release();
        }
    }

    public void Dispose()
    {
        stopping.Cancel();
        stopping.Dispose();
        reading.Dispose();
    }

    async Task FollowAsync()
    {
        var token = stopping.Token;
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(token).ConfigureAwait(false))
            {
                if (Viewers() is not { Length: > 0 } watching)
                    return;
                var before = Now;
                if (!ReferenceEquals(await ReadAsync(token).ConfigureAwait(false), before))
                    Array.ForEach(watching, changed => changed());
            }
        }
        catch (Exception) when (token.IsCancellationRequested)
        {
        }
    }

    // Ends the following in the same breath as it finds nobody, so that the next viewer begins it again.
    Action[] Viewers()
    {
        lock (access)
        {
            isFollowing = viewers.Count > 0;
            return [.. viewers];
        }
    }

    sealed class Viewer(BoardFeed feed, Action changed) : IDisposable
    {
        public void Dispose()
        {
            lock (feed.access)
                feed.viewers.Remove(changed);
        }
    }
}
