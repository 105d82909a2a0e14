using Plume.Server.Storage;
using Plume.Server.Storage.Folder;

namespace Plume.Server.Tests.Storage;

public sealed class FolderBlobsTests : BlobsContract, IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("plume-blobs-").FullName;

    protected override Task<IBlobs> OpenAsync() => Task.FromResult<IBlobs>(new FolderBlobs(folder));

    [Fact]
    public async Task A_folder_goes_with_its_last_blob_and_the_root_stays()
    {
        var blobs = new FolderBlobs(folder);
        await blobs.AppendAsync("digits/uploads/1/a", 0, new byte[1], default);
        await blobs.AppendAsync("digits/uploads/1/b", 0, new byte[1], default);
        await blobs.AppendAsync("alone", 0, new byte[1], default);

        await blobs.DeleteAsync("digits/uploads/1/a", default);
        Assert.True(Directory.Exists(Path.Combine(folder, "digits/uploads/1")));
        await blobs.DeleteAsync("digits/uploads/1/b", default);
        await blobs.DeleteAsync("alone", default);

        Assert.False(Directory.Exists(Path.Combine(folder, "digits/uploads/1")));
        Assert.True(Directory.Exists(folder));
    }

    [Fact]
    public async Task Blobs_that_come_while_their_folder_goes_are_all_kept()
    {
        var blobs = new FolderBlobs(folder);
        await Parallel.ForAsync(0, 8, async (writer, stop) =>
        {
            for (int i = 0; i < 200; i++)
            {
                string name = $"digits/uploads/1/{writer}";
                await blobs.AppendAsync($"{name}.part", 0, new byte[] { 1, 2, 3 }, stop);
                await blobs.MoveAsync($"{name}.part", name, stop);
                Assert.Equal(3, await blobs.LengthAsync(name, stop));
                await blobs.DeleteAsync(name, stop);
            }
        });
        Assert.Empty(await blobs.ListAsync("digits/", default));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}

public sealed class FolderRecordsTests : RecordsContract, IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("plume-records-").FullName;

    protected override Task<IRecords> OpenAsync() => Task.FromResult<IRecords>(new FolderRecords(folder));

    public void Dispose() => Directory.Delete(folder, recursive: true);
}

public sealed class FolderLedgerTests : LedgerContract, IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("plume-ledger-").FullName;
    FolderLedger? open;

    protected override Task<ILedger> OpenAsync()
    {
        open?.Dispose();
        return Task.FromResult<ILedger>(open = new FolderLedger(folder));
    }

    public void Dispose()
    {
        open?.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
