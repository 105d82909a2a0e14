using System.Runtime.InteropServices;

namespace Plume.Learning.Native;

/// <summary>Settings of glibc's allocator, from which torch takes every tensor's memory.</summary>
static partial class Allocator
{
    const int TrimThreshold = -1;
    const int MapThreshold = -3;
    const int LargestMapThreshold = 32 << 20;
    const int KeptBytes = 256 << 20;

    /// <summary>
    /// Keeps freed memory for the next tensor. By default what is freed in one training step goes back to the system and
    /// is mapped and cleared again in the next, which was measured to take a fifth of the processor's time.
    /// </summary>
    public static void KeepFreedMemory()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = SetOption(MapThreshold, LargestMapThreshold);
            _ = SetOption(TrimThreshold, KeptBytes);
        }
        catch (EntryPointNotFoundException)
        {
            // A C library of another make, such as musl: it has its own ways, and nothing is lost but time.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);
}
