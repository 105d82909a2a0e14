namespace Plume.Server.Tests.Identity;

/// <summary>A clock that begins now, as TLS at the client's end goes by the machine's, and moves when it is told to.</summary>
sealed class SettableTime : TimeProvider
{
    readonly DateTimeOffset begin = DateTimeOffset.UtcNow;
    long passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => begin + TimeSpan.FromTicks(Interlocked.Read(ref passed));

    public override long GetTimestamp() => Interlocked.Read(ref passed);

    public void Move(TimeSpan by) => Interlocked.Add(ref passed, by.Ticks);
}
