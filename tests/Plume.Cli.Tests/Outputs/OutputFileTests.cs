using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Plume.Cli.Errors;
using Plume.Cli.Outputs;

namespace Plume.Cli.Tests.Outputs;

[UnsupportedOSPlatform("windows")]
public sealed class OutputFileTests : IDisposable
{
    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_is_kept_is_there_and_what_is_not_kept_leaves_nothing()
    {
        File.WriteAllText(folder["old.onnx"], "old");
        using (var output = OutputFile.At(folder["old.onnx"], []))
        {
            output.Write("new"u8.ToArray());
            Assert.Equal("new", File.ReadAllText(output.Draft));
            Assert.Equal((".onnx", 3), (Path.GetExtension(output.Draft), output.Length));
        }

        Assert.Equal("old", File.ReadAllText(folder["old.onnx"]));
        Write("old.onnx", "new");
        Assert.Equal("new", File.ReadAllText(folder["old.onnx"]));
        Assert.Equal([folder["old.onnx"]], Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite
        | UnixFileMode.OtherExecute)]
    public void The_file_that_is_replaced_gives_its_permissions(UnixFileMode mode)
    {
        File.WriteAllText(folder["private"], "old");
        File.SetUnixFileMode(folder["private"], mode);
        Write("private", "new");
        Assert.Equal(mode, File.GetUnixFileMode(folder["private"]));
    }

    [Fact]
    public void The_file_that_is_replaced_gives_its_owner_and_group_where_the_process_may()
    {
        File.WriteAllText(folder["theirs"], "old");
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.SetGroup | UnixFileMode.GroupRead;
        bool isRoot = Environment.IsPrivilegedProcess;
        if (isRoot)
            Run("chown", "12345:23456", folder["theirs"]);
        File.SetUnixFileMode(folder["theirs"], mode);
        string before = OwnerOf("theirs");
        Write("theirs", "new");
        Assert.Equal(("new", before, mode),
            (File.ReadAllText(folder["theirs"]), OwnerOf("theirs"), File.GetUnixFileMode(folder["theirs"])));
        Assert.Equal(isRoot, before == "12345:23456");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_link_stays_and_what_it_points_at_is_written(bool exists)
    {
        Directory.CreateDirectory(folder["far"]);
        if (exists)
            File.WriteAllText(folder["far/target"], "old");
        File.CreateSymbolicLink(folder["far/near"], "target");
        File.CreateSymbolicLink(folder["link"], "far/near");
        Write("link", "new");
        Assert.Equal("far/near", new FileInfo(folder["link"]).LinkTarget);
        Assert.Equal("new", File.ReadAllText(folder["far/target"]));
    }

    [Fact]
    public void What_is_no_file_is_refused_and_stays_what_it_is()
    {
        Run("mkfifo", folder["pipe"]);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(folder["socket"]));
        Directory.CreateDirectory(folder["inner"]);
        File.CreateSymbolicLink(folder["to-device"], "/dev/full");
        File.CreateSymbolicLink(folder["loop"], "loop");
        File.WriteAllText(folder["file"], "");
        string[] before = Directory.GetFileSystemEntries(folder.Path);

        Refused(folder["pipe"], "It is a pipe");
        Refused(folder["socket"], "It is a socket");
        Refused(folder["inner"], "It is a folder");
        Refused(folder["to-device"], "It is a device");
        Refused("/dev/null", "It is a device");
        Refused("/dev/stdout", "It belongs to a process.");
        Refused("/proc/self/x", "It belongs to a process.");
        Refused(folder["loop"], "Too many levels of symbolic links");
        Refused(folder["file/x"], "Not a directory.");
        Refused(folder[new string('x', 300)], "File name too long.");
        Assert.Equal(before, Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_folder_that_is_missing_is_named()
    {
        Refused(folder["no/such/x.onnx"], $"There is no folder '{folder["no/such"]}'. Make it, or name another");
        File.CreateSymbolicLink(folder["link"], "away/x");
        Refused(folder["link"], $"There is no folder '{folder["away"]}'. Make it, or name another");
    }

    [Fact]
    public void An_empty_name_is_a_mistake_of_the_line() =>
        Assert.Equal(ExitCode.Usage, Assert.Throws<CliException>(() => OutputFile.At("", [])).Code);

    [Theory]
    [InlineData("in", "It is what is read.")]
    [InlineData("inner/../in", "It is what is read as")]
    [InlineData("hard", "It is what is read as")]
    [InlineData("soft", "It is what is read as")]
    public void An_input_is_never_written_over_by_whatever_name(string name, string why)
    {
        Directory.CreateDirectory(folder["inner"]);
        File.WriteAllText(folder["in"], "precious");
        Run("ln", folder["in"], folder["hard"]);
        File.CreateSymbolicLink(folder["soft"], "in");
        Refused(folder[name], why, folder["in"]);
        Assert.Equal("precious", File.ReadAllText(folder["in"]));
    }

    [Fact]
    public void A_name_as_long_as_names_can_be_is_written()
    {
        string longest = new('x', 255);
        Write(longest, "new");
        Assert.Equal("new", File.ReadAllText(folder[longest]));
    }

    [Fact]
    public void A_full_disk_is_an_error_of_the_output_and_nothing_is_left()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can mount a disk so small.");
        Directory.CreateDirectory(folder["disk"]);
        if (Run("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder["disk"]) != 0)
            Assert.Skip("This machine lets nobody mount.");
        try
        {
            File.WriteAllText(folder["disk/x"], "old");
            using var output = OutputFile.At(folder["disk/x"], []);
            var full = Assert.Throws<CliException>(() => output.Write(new byte[1 << 16]));
            Assert.Equal((ExitCode.Output,
                $"The file '{folder["disk/x"]}' cannot be written: No space left on device. Name another with --output."),
                (full.Code, full.Message));
            Assert.Equal([folder["disk/x"]], Directory.GetFileSystemEntries(folder["disk"]));
            Assert.Equal("old", File.ReadAllText(folder["disk/x"]));
        }
        finally
        {
            Run("umount", folder["disk"]);
        }
    }

    void Write(string name, string text)
    {
        using var output = OutputFile.At(folder[name], []);
        output.Write(System.Text.Encoding.ASCII.GetBytes(text));
        output.Keep();
    }

    static void Refused(string path, string why, params string[] inputs)
    {
        var refused = Assert.Throws<CliException>(() => OutputFile.At(path, inputs));
        Assert.Equal(ExitCode.Output, refused.Code);
        Assert.StartsWith($"The file '{path}' cannot be written: {why}", refused.Message);
        Assert.EndsWith("ame another with --output.", refused.Message);
        Assert.DoesNotContain(".plume-", refused.Message);
    }

    static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }

    string OwnerOf(string name)
    {
        using var stat = Process.Start(
            new ProcessStartInfo("stat", ["-c", "%u:%g", folder[name]]) { RedirectStandardOutput = true })!;
        return stat.StandardOutput.ReadToEnd().Trim();
    }
}
