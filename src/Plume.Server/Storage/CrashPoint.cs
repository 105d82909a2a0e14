using System.Diagnostics;
using System.Globalization;

namespace Plume.Server.Storage;

/// <summary>
/// Places at which the process can be told to die as if by SIGKILL, to test that nothing acknowledged is lost there:
/// <c>PLUME_CRASH_AT=committed:3</c> dies when it passes the place for the third time.
/// </summary>
static class CrashPoint
{
    static readonly (string Place, int Times) Wanted = Parse(Environment.GetEnvironmentVariable("PLUME_CRASH_AT"));
    static int passed;

    /// <summary>Dies here, if this is the place and the time.</summary>
    public static void Pass(string place)
    {
        if (place == Wanted.Place && Interlocked.Increment(ref passed) == Wanted.Times)
            Process.GetCurrentProcess().Kill();
    }

    static (string, int) Parse(string? text) =>
        text?.Split(':') is [var place, var times]
            && int.TryParse(times, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
        ? (place, count)
        : ("", 0);
}
