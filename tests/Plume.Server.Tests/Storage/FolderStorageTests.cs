using Plume.Server.Storage;
using Plume.Server.Storage.Folder;

namespace Plume.Server.Tests.Storage;

public sealed class FolderBlobsTests : BlobsContract, IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("plume-blobs-").FullName;

    protected override Task<IBlobs> OpenAsync() => Task.FromResult<IBlobs>(new FolderBlobs(folder));

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
