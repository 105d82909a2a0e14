using System.Runtime.InteropServices;

namespace Plume.Compression.Files;

/// <summary>Files and folders that are their owner's alone, and that are what their places are for.</summary>
public static partial class PrivateFiles
{
    const UnixFileMode OwnerFolder = AtomicFile.OwnerOnly | UnixFileMode.UserExecute;
    const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    // statx's buffer, where the mode stands in it, and which part of the mode is the kind.
    const int StatusBytes = 256, ModePlace = 28, KindMask = 0xF000, Regular = 0x8000, Folder = 0x4000, Pipe = 0x1000, Here = -100,
        TypeMask = 1, NotFound = 2, NotFolder = 20;

    /// <summary>Makes a folder, and those above it that are missing, for their owner alone.</summary>
    public static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        // The mode is given to the last one only.
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } above && !Directory.Exists(above))
            MakeFolder(above);
        Directory.CreateDirectory(path, OwnerFolder);
    }

    /// <summary>Opens a file, which is its owner's alone where it is made.</summary>
    /// <exception cref="InvalidDataException">What is there is no file.</exception>
    public static FileStream Open(string path, FileMode mode, FileAccess access, FileShare share)
    {
        Exists(path);
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = access,
            Share = share,
            BufferSize = 0,
            Options = FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows() && mode is not FileMode.Open)
            options.UnixCreateMode = AtomicFile.OwnerOnly;
        return new FileStream(path, options);
    }

    /// <summary>All of a file's bytes.</summary>
    /// <exception cref="InvalidDataException">What is there is no file.</exception>
    public static byte[] Read(string path)
    {
        Exists(path);
        return File.ReadAllBytes(path);
    }

    /// <summary>Whether there is a file. Opening what is none could wait for ever.</summary>
    /// <exception cref="InvalidDataException">What is there is no file.</exception>
    public static bool Exists(string path) => KindOf(path) switch
    {
        null => false,
        Regular => true,
        var other => throw new InvalidDataException(
            $"'{path}' must be a file, but is "
                + $"{(other == Folder ? "a folder" : other == Pipe ? "a pipe" : "a device or socket")}. Move it away, and "
                + $"restore the file from a copy."),
    };

    /// <summary>Takes from everybody but the owner what they may do with a folder and all that is in it.</summary>
    /// <returns>What to tell about it; null where it was the owner's already.</returns>
    public static string? Tighten(string folder)
    {
        if (OperatingSystem.IsWindows() || !Directory.Exists(folder))
            return null;
        int tightened = 0;
        try
        {
            foreach (string path in Directory.EnumerateFileSystemEntries(folder, "*",
                new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
                    .Prepend(folder))
            {
                var mode = File.GetUnixFileMode(path);
                if ((mode & Others) == 0)
                    continue;
                File.SetUnixFileMode(path, mode & ~Others);
                tightened++;
            }
        }
        catch (Exception refused) when (refused is UnauthorizedAccessException or IOException)
        {
            return $"Others may read the folder '{folder}', which holds what is nobody else's, and that cannot be changed: "
                + $"{refused.Message}";
        }

        return tightened == 0 ? null
            : $"Others could read the folder '{folder}': {tightened} of its files and folders are the owner's alone now.";
    }

    static int? KindOf(string path)
    {
        if (!OperatingSystem.IsLinux())
            return Directory.Exists(path) ? Folder : File.Exists(path) ? Regular : null;
        Span<byte> status = stackalloc byte[StatusBytes];
        if (Status(Here, path, 0, TypeMask, status) == 0)
            return MemoryMarshal.Read<ushort>(status[ModePlace..]) & KindMask;
        int error = Marshal.GetLastPInvokeError();
        return error is NotFound or NotFolder ? null
            : throw new UnauthorizedAccessException(
                $"'{path}' cannot be looked at (error {error}). Give the program's user the right to it.");
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(int folder, string path, int flags, uint mask, Span<byte> status);
}
