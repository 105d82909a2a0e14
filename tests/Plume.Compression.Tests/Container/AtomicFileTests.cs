using System.Text;
using Plume.Compression.Files;

namespace Plume.Compression.Tests.Container;

public sealed class AtomicFileTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("plume-atomic-").FullName;

    string Place => Path.Combine(folder, "key");

    [Fact]
    public void A_secret_is_its_owners_alone_whatever_lay_there_before()
    {
        File.WriteAllText(Place, "open");
        File.WriteAllText($"{Place}.{Environment.ProcessId}.tmp", "left by a process that was killed");

        AtomicFile.Write(Place, "secret"u8, AtomicFile.OwnerOnly);

        Assert.Equal("secret", File.ReadAllText(Place));
        Assert.Equal([Place], Directory.GetFiles(folder));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Place));
    }

    [Fact]
    public void A_file_without_a_mode_has_the_one_of_other_files()
    {
        AtomicFile.Write(Place, Encoding.ASCII.GetBytes("public"));
        string other = Path.Combine(folder, "other");
        File.WriteAllText(other, "");

        Assert.Equal("public", File.ReadAllText(Place));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(File.GetUnixFileMode(other), File.GetUnixFileMode(Place));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
