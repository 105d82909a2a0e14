using System.Runtime.InteropServices;
using Plume.Compression.Files;

namespace Plume.Server.Storage.Folder;

/// <summary>What it takes for a file's name, not only its bytes, to survive the loss of power.</summary>
static partial class DurableFolder
{
    const int ReadOnly = 0;

    /// <summary>
    /// Writes a file beside its place, flushes it, and moves it there: the old bytes or the new ones, never a mixture.
    /// </summary>
    public static void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        AtomicFile.Write(path, bytes, AtomicFile.OwnerOnly);
        Flush(Path.GetDirectoryName(path)!);
    }

    /// <summary>Flushes a folder's list of names. Windows keeps it with the file and has nothing to flush.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        int descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
            throw new IOException($"The folder '{folder}' cannot be opened to be flushed (error {Marshal.GetLastPInvokeError()}).");
        try
        {
            if (Sync(descriptor) != 0)
                throw new IOException($"The folder '{folder}' cannot be flushed (error {Marshal.GetLastPInvokeError()}).");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
