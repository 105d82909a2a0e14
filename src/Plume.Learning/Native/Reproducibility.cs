using System.Runtime.InteropServices;

namespace Plume.Learning.Native;

/// <summary>Settings of what computes for torch: MKL multiplies its matrices, and OpenMP runs both.</summary>
static partial class Reproducibility
{
    // Of the fastest code that the processor has, and in one order of additions whatever the address.
    const string Mode = "MKL_CBWR", Strict = "AUTO,STRICT";

    static readonly string[] Threads = ["MKL_NUM_THREADS", "OMP_NUM_THREADS"];

    /// <summary>
    /// Lets a product of matrices have the same bits wherever these lie in memory and whichever thread asks for it; before the
    /// native code is loaded. By itself MKL adds up in an order that follows from the address, and on a thread that torch does
    /// not know yet it takes as many threads as there are processors, whatever <c>set_num_threads</c> said on another: the same
    /// training in another thread or process ended in other bits. No time was measured to be lost.
    /// </summary>
    public static void AskForIt()
    {
        // Whoever sets the mode decides.
        Set(Mode, Strict, isLast: false);
        foreach (string variable in Threads)
            Set(variable, "1", isLast: true);
    }

    // What .NET sets in its own copy of the environment, native code does not see except on Windows.
    static void Set(string variable, string value, bool isLast)
    {
        if (OperatingSystem.IsLinux())
            _ = SetVariable(variable, value, isLast ? 1 : 0);
        else if (isLast || Environment.GetEnvironmentVariable(variable) is null)
            Environment.SetEnvironmentVariable(variable, value);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
