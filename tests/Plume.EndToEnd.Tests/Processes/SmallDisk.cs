using System.Diagnostics;
using System.Globalization;

namespace Plume.EndToEnd.Tests.Processes;

/// <summary>
/// A folder on a disk that can be filled: a small file system in memory where this user may mount one, and otherwise a limit on
/// the length of the server's files, which refuses all but short ones.
/// </summary>
sealed class SmallDisk : IDisposable
{
    const int ShortFileBytes = 4096;

    readonly bool isMounted;
    readonly string ballast;

    public SmallDisk()
    {
        Folder = Directory.CreateTempSubdirectory("plume-disk-").FullName;
        ballast = Path.Combine(Folder, "ballast");
        isMounted = Environment.IsPrivilegedProcess && Run("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", Folder);
    }

    public string Folder { get; }

    /// <summary>From now on the server can write nothing, or nothing long.</summary>
    public void Fill(HostProcess server)
    {
        if (!isMounted)
        {
            Limit(server, ShortFileBytes.ToString(CultureInfo.InvariantCulture));
            return;
        }

        using var file = new FileStream(ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (int size = 1 << 20; size > 0;)
        {
            try
            {
                file.Write(new byte[size]);
            }
            catch (IOException)
            {
                size /= 2;
            }
        }
    }

    /// <summary>It can again.</summary>
    public void Free(HostProcess server)
    {
        if (isMounted)
            File.Delete(ballast);
        else
            Limit(server, "unlimited");
    }

    public void Dispose()
    {
        if (isMounted)
            Run("umount", Folder);
        Directory.Delete(Folder, recursive: true);
    }

    static void Limit(HostProcess server, string bytes) =>
        Assert.True(Run("prlimit", $"--pid={server.Id}", $"--fsize={bytes}:"), "The length of files cannot be limited.");

    static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
