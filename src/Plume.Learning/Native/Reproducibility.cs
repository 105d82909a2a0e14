using System.Runtime.InteropServices;

namespace Plume.Learning.Native;

/// <summary>Settings of MKL, which multiplies torch's matrices.</summary>
static partial class Reproducibility
{
    const string Mode = "MKL_CBWR";

    // Of the fastest code that the processor has, and in one order of additions whatever the address.
    const string Strict = "AUTO,STRICT";

    /// <summary>
    /// Lets a product of matrices have the same bits wherever these lie in memory. By itself MKL adds up in an order that
    /// follows from the address, so that the same training in another thread or process ended in other bits. No time was
    /// measured to be lost. Whoever sets the variable decides.
    /// </summary>
    public static void AskForIt()
    {
        // What .NET sets in its own copy of the environment, native code does not see.
        if (OperatingSystem.IsLinux())
            _ = SetVariable(Mode, Strict, overwrite: 0);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
