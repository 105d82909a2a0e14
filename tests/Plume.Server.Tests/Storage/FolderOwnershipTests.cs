using Plume.Server.Storage;
using Plume.Server.Storage.Folder;

namespace Plume.Server.Tests.Storage;

public sealed class FolderOwnershipTests : IDisposable
{
    const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    readonly string folder = Directory.CreateTempSubdirectory("plume-owner-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("none")]
    [InlineData("deleted")]
    [InlineData("replaced")]
    public void A_folder_has_one_owner_whatever_is_done_to_the_file_of_its_lock(string done)
    {
        using var first = new FolderLedger(folder);
        string path = Path.Combine(folder, "owner.lock");
        if (done != "none")
            File.Delete(path);
        if (done == "replaced")
            File.WriteAllText(path, "");
        var refused = Assert.Throws<IOException>(() => new FolderLedger(folder));
        Assert.Equal($"Another server uses the folder '{folder}'. Stop it, or give this one a folder of its own.",
            refused.Message);
        first.Dispose();
        new FolderLedger(folder).Dispose();
    }

    [Fact]
    public void A_folder_that_cannot_be_written_to_is_called_so()
    {
        // What keeps a file from being made, whoever asks.
        Directory.CreateDirectory(Path.Combine(folder, "state"));
        string read = Path.Combine("/proc", "self");
        if (!OperatingSystem.IsLinux())
            return;
        var refused = Assert.ThrowsAny<IOException>(() => new FolderLedger(Path.Combine(read, "task")));
        Assert.Contains("cannot be written to: ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Another server", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_that_a_server_keeps_is_its_owners_alone()
    {
        if (OperatingSystem.IsWindows())
            return;
        string state = Path.Combine(folder, "state");
        var storage = ServerStorage.InFolder(state);
        Assert.Null(storage.Note);
        long epoch = (await storage.Ledger.TakeOverAsync("toy", default)).Epoch;
        await storage.Ledger.AppendAsync("toy", epoch, 0, [[1]], default);
        await storage.Ledger.CommitAsync("toy", epoch, 0, [1], default);
        await storage.Blobs.AppendAsync("toy/uploads/1/a.part", 0, new byte[3], default);
        await storage.Blobs.MoveAsync("toy/uploads/1/a.part", "toy/uploads/1/a", default);
        await storage.Records.WriteAsync("clients/one", [1], 0, default);
        ((IDisposable)storage.Ledger).Dispose();
        foreach (string path in Directory.EnumerateFileSystemEntries(state, "*", SearchOption.AllDirectories).Append(state))
            Assert.Equal((path, Directory.Exists(path) ? Owner | UnixFileMode.UserExecute : Owner),
                (path, File.GetUnixFileMode(path)));
    }

    [Fact]
    public void What_others_could_read_is_tightened_with_a_word()
    {
        if (OperatingSystem.IsWindows())
            return;
        string file = Path.Combine(folder, "ledger", "old");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, "");
        File.SetUnixFileMode(file, Owner | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.SetUnixFileMode(folder, Owner | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        var storage = ServerStorage.InFolder(folder);
        Assert.StartsWith($"Others could read the folder '{folder}': ", storage.Note, StringComparison.Ordinal);
        Assert.Equal(Owner, File.GetUnixFileMode(file));
        Assert.Equal(Owner | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        ((IDisposable)storage.Ledger).Dispose();
    }
}
