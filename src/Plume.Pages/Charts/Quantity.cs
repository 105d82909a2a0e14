namespace Plume.Pages.Charts;

/// <summary>Numbers as people read them: three digits and a unit.</summary>
static class Quantity
{
    static readonly string[] ByteUnits = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary>Decimal units: <c>999 bytes</c>, <c>1.23 kB</c>, <c>96.2 MB</c>.</summary>
    public static string Bytes(long bytes)
    {
        var (value, unit) = InUnit(bytes);
        return unit == 0 ? $"{bytes} {(bytes == 1 ? "byte" : "bytes")}" : $"{ThreeDigits(value)} {ByteUnits[unit]}";
    }

    /// <summary>A round number of bytes, as at the mark of an axis: <c>500 kB</c>, <c>10 MB</c>.</summary>
    public static string RoundBytes(long bytes)
    {
        var (value, unit) = InUnit(bytes);
        return bytes == 0 ? "0" : $"{value:0.##} {ByteUnits[unit]}";
    }

    /// <summary>
    /// How many times smaller: <c>1.00x</c>, <c>19.6x</c>, <c>312x</c>; a dash when there is nothing to divide by.
    /// </summary>
    public static string Ratio(double whole, double part) => part > 0 ? $"{ThreeDigits(whole / part)}x" : "-";

    /// <summary>A link's speed in bits, from bytes a second: <c>0.52 Mbit/s</c>; a dash where nobody knows.</summary>
    public static string Speed(double? bytesASecond) => bytesASecond is { } speed ? $"{ThreeDigits(speed * 8 / 1e6)} Mbit/s" : "-";

    /// <summary>A share of one as a percentage: <c>78.53 %</c>; a dash when it was not measured.</summary>
    public static string Percent(double? share) => share is { } value ? $"{value * 100:0.00} %" : "-";

    /// <summary><c>0.21 s</c>, <c>12.3 s</c>, <c>4 min 05 s</c>, <c>2 h 07 min</c>.</summary>
    public static string Seconds(double seconds) => seconds switch
    {
        < 60 => $"{ThreeDigits(seconds)} s",
        < 3600 => $"{(int)seconds / 60} min {(int)seconds % 60:00} s",
        _ => $"{(int)(seconds / 3600)} h {(int)seconds / 60 % 60:00} min",
    };

    /// <summary>A round time, as at the mark of an axis: <c>0.5 s</c>, <c>300 s</c>, <c>10,000 s</c>.</summary>
    public static string RoundSeconds(double seconds) => seconds == 0 ? "0" : $"{seconds:#,0.######} s";

    static (double Value, int Unit) InUnit(long bytes)
    {
        double value = bytes;
        int unit = 0;
        // 999.5 would print as 1000: the next unit begins where three digits end.
        while (Math.Abs(value) >= (unit == 0 ? 1000 : 999.5))
        {
            value /= 1000;
            unit++;
        }

        return (value, unit);
    }

    static string ThreeDigits(double value) => Math.Abs(value) switch
    {
        < 9.995 => $"{value:0.00}",
        < 99.95 => $"{value:0.0}",
        _ => $"{value:0}",
    };
}
