using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Plume.Cli.Outputs;

/// <summary>What lies at a path, found without opening it: an open of a pipe waits, one of a device may do things.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Identity">Equal for two paths to the same file, be it by a link of either kind.</param>
sealed partial record FileNode(FileKind Kind, string Identity)
{
    // The structure of statx(2), which is the same on every architecture: where mode, inode and device stand.
    const int StatLength = 256, UserAt = 20, GroupAt = 24, ModeAt = 28, InodeAt = 32, DeviceAt = 136;
    const int CurrentFolder = -100, BasicStats = 0x7ff;
    const int NoSuchFile = 2, Unchanged = -1;
    const int TypeMask = 0xF000, CharacterDevice = 0x2000, BlockDevice = 0x6000, NamedPipe = 0x1000, UnixSocket = 0xC000,
        Directory = 0x4000;

    /// <summary>What lies there, links followed; null where nothing does.</summary>
    /// <exception cref="IOException">The path cannot be looked at: too long, a loop of links, a file where a folder should
    /// be.</exception>
    public static FileNode? At(string path)
    {
        if (!OperatingSystem.IsLinux())
            return Portable(path);
        if (Stat(path) is not { } found)
            return null;
        string identity = Convert.ToHexString(found.AsSpan(DeviceAt, 8)) + Convert.ToHexString(found.AsSpan(InodeAt, 8));
        return new FileNode(KindOf(BinaryPrimitives.ReadUInt16LittleEndian(found.AsSpan(ModeAt))), identity);
    }

    /// <summary>
    /// Gives a file the owner and group of another, as far as this process may: who is not root can give it to a group that it is
    /// in. Does nothing where the system has no such thing.
    /// </summary>
    public static void Own(SafeFileHandle file, string like)
    {
        if (!OperatingSystem.IsLinux() || Stat(like) is not { } found)
            return;
        int user = BinaryPrimitives.ReadInt32LittleEndian(found.AsSpan(UserAt)),
            group = BinaryPrimitives.ReadInt32LittleEndian(found.AsSpan(GroupAt));
        if (ChangeOwner(file, user, group) != 0)
            _ = ChangeOwner(file, Unchanged, group);
    }

    static byte[]? Stat(string path)
    {
        var found = new byte[StatLength];
        if (Status(CurrentFolder, path, 0, BasicStats, found) == 0)
            return found;
        int error = Marshal.GetLastPInvokeError();
        return error == NoSuchFile ? null : throw new IOException($"{new Win32Exception(error).Message}.");
    }

    static FileKind KindOf(int mode) => (mode & TypeMask) switch
    {
        Directory => FileKind.Folder,
        CharacterDevice or BlockDevice => FileKind.Device,
        NamedPipe => FileKind.Pipe,
        UnixSocket => FileKind.Socket,
        _ => FileKind.File,
    };

    static FileNode? Portable(string path)
    {
        if (!Path.Exists(path))
            return null;
        string target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        return new FileNode(System.IO.Directory.Exists(target) ? FileKind.Folder : FileKind.File, target);
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(int folder, string path, int flags, uint mask, [Out] byte[] found);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    private static partial int ChangeOwner(SafeFileHandle file, int user, int group);
}
