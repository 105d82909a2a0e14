using System.Runtime.InteropServices;

namespace Plume.Compression.Files;

/// <summary>
/// A folder that is one process's for as long as this is open. It is the folder itself that is locked, and a file in it for
/// programs that know only that: deleting the file gives nobody the folder.
/// </summary>
public sealed partial class FolderLock : IDisposable
{
    // Of Linux, and the same on each of its architectures: O_DIRECTORY is not, and what is no folder is found by opening the
    // file.
    const int ExclusiveNow = 2 | 4, Unlock = 8, ReadOnly = 0, WithoutWaiting = 0x800, Closing = 0x80000;

    const int LinuxBusy = 11, MacBusy = 35, WindowsBusy = unchecked((int)0x80070020);

    readonly int folder = -1;
    readonly FileStream file;

    /// <summary>Takes a folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="name">The file in it.</param>
    /// <param name="busy">What to say where another process has it.</param>
    /// <exception cref="IOException">Another process has it, or it cannot be written to; the message says which.</exception>
    /// <exception cref="InvalidDataException">What should be the file is none.</exception>
    public FolderLock(string path, string name, string busy)
    {
        try
        {
            if (OperatingSystem.IsLinux())
                folder = Lock(path);
            file = PrivateFiles.Open(Path.Combine(path, name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            Dispose();
            throw problem is IOException { HResult: LinuxBusy or MacBusy or WindowsBusy }
                ? new IOException(busy, problem)
                : new IOException($"The folder '{path}' cannot be written to: {problem.Message} Give one that the program's "
                    + $"user may write to.", problem);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Lets another process have the folder.</summary>
    public void Dispose()
    {
        file?.Dispose();
        if (folder < 0)
            return;
        // A process that is being started holds all handles for a moment: closing ours would not yet let the folder go.
        _ = Flock(folder, Unlock);
        _ = Close(folder);
    }

    static int Lock(string path)
    {
        int opened = Open(path, ReadOnly | WithoutWaiting | Closing);
        if (opened < 0)
            throw new IOException($"It cannot be opened (error {Marshal.GetLastPInvokeError()}).");
        if (Flock(opened, ExclusiveNow) == 0)
            return opened;
        int error = Marshal.GetLastPInvokeError();
        _ = Close(opened);
        throw new IOException($"It cannot be locked (error {error}).", error);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(int descriptor, int operation);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
