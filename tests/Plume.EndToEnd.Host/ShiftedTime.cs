namespace Plume.EndToEnd.Host;

/// <summary>The machine's clock, set to another time: only what a clock says is shifted, not how time passes.</summary>
sealed class ShiftedTime(TimeSpan shift) : TimeProvider
{
    long ticks = shift.Ticks;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref ticks));

    /// <summary>Sets the clock forward, or back.</summary>
    public void Shift(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);

    /// <summary>As a command line says it: <c>--hours 48</c>.</summary>
    public static ShiftedTime Of(Arguments arguments) =>
        new(arguments.Find("hours") is null ? TimeSpan.Zero : TimeSpan.FromHours(arguments.Number("hours")));
}
