namespace Plume.Server.Tests.Storage;

/// <summary>A time in which a pause is over as soon as it begins, and what should happen during the pause has happened.</summary>
sealed class SteppedTime(Func<int, Task>? during = null) : TimeProvider
{
    readonly List<TimeSpan> pauses = [];
    long now;

    /// <summary>The pauses so far, in order.</summary>
    public IReadOnlyList<TimeSpan> Pauses => pauses;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        pauses.Add(dueTime);
        int number = pauses.Count;
        _ = Task.Run(async () =>
        {
            if (during is not null)
                await during(number);
            Interlocked.Add(ref now, dueTime.Ticks);
            callback(state);
        });
        return new Spent();
    }

    sealed class Spent : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => false;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
