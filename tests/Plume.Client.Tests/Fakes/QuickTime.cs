namespace Plume.Client.Tests.Fakes;

/// <summary>
/// A clock on which waits are over at once, and are noted and counted as time; the bounds of calls and of training, a minute or
/// more, never pass.
/// </summary>
sealed class QuickTime : TimeProvider
{
    static readonly TimeSpan Bound = TimeSpan.FromSeconds(55);

    readonly List<TimeSpan> waits = [];

    public IReadOnlyList<TimeSpan> Waits => waits;

    public override long GetTimestamp() => waits.Sum(wait => wait.Ticks);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime >= Bound || dueTime < TimeSpan.Zero)
            return System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        waits.Add(dueTime);
        return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }
}
