using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Plume.Pages.Charts;

namespace Plume.Cli.Doctor;

/// <summary>What the machine gives: its system, processors, memory, disk and clock.</summary>
static class Machine
{
    /// <summary>The smallest built-in federation, with torch, takes a quarter of it.</summary>
    const long LeastMemory = 1L << 30;

    /// <summary>A run folder with its checkpoints takes a small part of it.</summary>
    const long LeastDisk = 1L << 30;

    public static IEnumerable<Finding> Look() =>
        [System(), Processors(), Memory(), Disk(), Clock(TimeProvider.System.GetUtcNow())];

    static Finding System() => Finding.Good("system",
        $"{RuntimeInformation.OSDescription}, {RuntimeInformation.RuntimeIdentifier}, {RuntimeInformation.FrameworkDescription}");

    static Finding Processors()
    {
        string vectors = Vector512.IsHardwareAccelerated ? "vectors of 512 bits"
            : Vector256.IsHardwareAccelerated ? "vectors of 256 bits"
            : Vector128.IsHardwareAccelerated ? "vectors of 128 bits" : "";
        return vectors.Length > 0 ? Finding.Good("processors", $"{Environment.ProcessorCount}, {vectors}")
            : Finding.Note("processors", $"{Environment.ProcessorCount}, no vectors",
                "Codecs come to the same bytes, several times more slowly.");
    }

    static Finding Memory()
    {
        long limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return limit >= LeastMemory ? Finding.Good("memory", $"{Quantity.Bytes(limit)} for this program")
            : Finding.Note("memory", $"{Quantity.Bytes(limit)} for this program",
                "Training may not fit: use a small model and --threads 1, or raise the container's limit.");
    }

    static Finding Disk()
    {
        string here = Environment.CurrentDirectory;
        try
        {
            long free = new DriveInfo(here).AvailableFreeSpace;
            File.Delete(Touched(here));
            return free >= LeastDisk ? Finding.Good("disk", $"{Quantity.Bytes(free)} free, this folder can be written")
                : Finding.Note("disk", $"{Quantity.Bytes(free)} free", "Runs and a server's state may not fit: choose another folder.");
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Finding.Wrong("disk", $"this folder cannot be written: {refusal.Message}",
                "Run plume elsewhere, or give --out and --state folders that can be written.");
        }
    }

    static string Touched(string folder)
    {
        string path = Path.Combine(folder, $".plume-{Guid.NewGuid():N}");
        File.Create(path).Dispose();
        return path;
    }

    /// <summary>A clock behind the day on which this program was made is wrong, and then no certificate is good.</summary>
    internal static Finding Clock(DateTimeOffset now)
    {
        string program = typeof(Machine).Assembly.Location;
        var made = program.Length > 0 ? File.GetLastWriteTimeUtc(program) : DateTime.UnixEpoch;
        string time = $"{now:yyyy-MM-dd HH:mm} UTC";
        return now.UtcDateTime >= made - TimeSpan.FromDays(1) ? Finding.Good("clock", time)
            : Finding.Wrong("clock", $"{time}, which is before this program was made, {made:yyyy-MM-dd}",
                "Set the clock: certificates and deadlines go by it.");
    }
}
