using System.Runtime.CompilerServices;

namespace Plume.Server.Federations.Writing;

/// <summary>
/// A clock that is set once, by another one, and from then on goes as time passes, whatever is done to the other: what deadlines
/// and absences are measured with. Where it was set wrong it stays wrong, by as much.
/// </summary>
sealed class SteadyTime : TimeProvider
{
    static readonly ConditionalWeakTable<TimeProvider, SteadyTime> All = [];

    readonly TimeProvider inner;
    DateTimeOffset began;
    long since;

    /// <summary>A clock that is set now.</summary>
    /// <param name="inner">What it is set by.</param>
    public SteadyTime(TimeProvider inner)
    {
        this.inner = inner;
        Set(default);
    }

    /// <summary>Sets it anew, before anybody goes by it.</summary>
    /// <param name="atLeast">What is known to be past, whatever the other clock says: a restart does not go back before what is
    /// written down.</param>
    public void Set(DateTimeOffset atLeast)
    {
        var now = inner.GetUtcNow();
        (began, since) = (now > atLeast ? now : atLeast, inner.GetTimestamp());
    }

    public override long TimestampFrequency => inner.TimestampFrequency;

    /// <summary>
    /// The one that all parts of a process share which compare their times; it was set when it was asked for first.
    /// </summary>
    public static SteadyTime Of(TimeProvider inner) => inner as SteadyTime ?? All.GetValue(inner, clock => new SteadyTime(clock));

    public override DateTimeOffset GetUtcNow() => began + inner.GetElapsedTime(since);

    public override long GetTimestamp() => inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        inner.CreateTimer(callback, state, dueTime, period);
}
