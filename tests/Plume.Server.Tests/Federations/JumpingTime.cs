namespace Plume.Server.Tests.Federations;

/// <summary>A machine's clock that is set forward and back, while time passes as it is told to.</summary>
sealed class JumpingTime : TimeProvider
{
    DateTimeOffset shown = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    long passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => shown;

    public override long GetTimestamp() => passed;

    /// <summary>Time passes.</summary>
    public void Pass(TimeSpan time) => (passed, shown) = (passed + time.Ticks, shown + time);

    /// <summary>Somebody sets the clock.</summary>
    public void Set(TimeSpan by) => shown += by;
}
