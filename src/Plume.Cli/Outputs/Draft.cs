using System.Globalization;
using System.Runtime.InteropServices;

namespace Plume.Cli.Outputs;

/// <summary>A file beside the one that it is to become; gone when it is disposed or a signal ends the program.</summary>
sealed class Draft : IDisposable
{
    static int made;

    readonly FileStream file;
    readonly List<PosixSignalRegistration> endings = [];

    Draft(string path)
    {
        Path = path;
        file = new FileStream(path,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.Read,
                BufferSize = 0
            });
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT })
            endings.Add(PosixSignalRegistration.Create(signal, _ => File.Delete(path)));
    }

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    /// <summary>An empty draft of a file; its own name is short, for the file's may be as long as names can be.</summary>
    /// <exception cref="IOException">It cannot be made there.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written to.</exception>
    public static Draft Of(string target)
    {
        string name = string.Create(CultureInfo.InvariantCulture,
            $".plume-{Environment.ProcessId}-{Interlocked.Increment(ref made)}");
        string ending = System.IO.Path.GetExtension(target);
        return new Draft(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(target)!,
            name + (ending.Length <= LongestEnding ? ending : "")));
    }

    const int LongestEnding = 16;

    /// <summary>Writes all of the file's bytes, and to the disk.</summary>
    public void Write(Action<Stream> write)
    {
        file.SetLength(0);
        file.Position = 0;
        write(file);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Becomes the file.</summary>
    public void Keep(string target)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(target))
        {
            // The mode comes last: a change of owner takes some of it away.
            FileNode.Own(file.SafeFileHandle, target);
            File.SetUnixFileMode(file.SafeFileHandle, File.GetUnixFileMode(target));
        }

        file.Dispose();
        File.Move(Path, target, overwrite: true);
        Forget();
    }

    /// <summary>Removes it.</summary>
    public void Dispose()
    {
        file.Dispose();
        File.Delete(Path);
        Forget();
    }

    void Forget()
    {
        endings.ForEach(ending => ending.Dispose());
        endings.Clear();
    }
}
