using System.Globalization;

namespace Plume.Server.Identity.Admission;

/// <summary>How many files and sockets this process may have open, and how many of them connections may take.</summary>
static class OpenFiles
{
    const string Limits = "/proc/self/limits", Line = "Max open files";
    const long Fewest = 192, Most = 1024;

    /// <summary>The limit of this process (RLIMIT_NOFILE); null where the system does not tell, or there is none.</summary>
    public static long? Limit { get; } = File.Exists(Limits) ? Read(File.ReadLines(Limits)) : null;

    /// <summary>
    /// Most connections that leave enough for storage, the silo and the runtime; null where nothing bounds them.
    /// </summary>
    public static long? Connections { get; } = Limit is { } limit ? ConnectionsOf(limit) : null;

    /// <summary>The same for a limit.</summary>
    public static long ConnectionsOf(long limit) => Math.Max(0, limit - Math.Clamp(limit / 4, Fewest, Most));

    /// <summary>The soft limit in the lines of <c>/proc/PID/limits</c>.</summary>
    public static long? Read(IEnumerable<string> lines)
    {
        string? line = lines.FirstOrDefault(line => line.StartsWith(Line, StringComparison.Ordinal));
        return line?[Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var soft, ..]
            && long.TryParse(soft, CultureInfo.InvariantCulture, out long limit) ? limit : null;
    }
}
