using Plume.Server.Storage.Folder;

namespace Plume.Server.Storage;

/// <summary>Where a server keeps what it must not lose.</summary>
/// <param name="Ledger">What happened.</param>
/// <param name="Blobs">Bytes in number.</param>
/// <param name="Records">Who is enrolled.</param>
public sealed record ServerStorage(ILedger Ledger, IBlobs Blobs, IRecords Records)
{
    /// <summary>All in one folder, for one server.</summary>
    /// <exception cref="IOException">Another server uses the folder.</exception>
    public static ServerStorage InFolder(string path) =>
        new(new FolderLedger(Path.Combine(path, "ledger")), new FolderBlobs(Path.Combine(path, "blobs")), new FolderRecords(Path.Combine(path, "records")));
}
