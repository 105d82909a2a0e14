using Plume.Compression.Files;
using Plume.Server.Storage.Folder;

namespace Plume.Server.Storage;

/// <summary>Where a server keeps what it must not lose.</summary>
/// <param name="Ledger">What happened.</param>
/// <param name="Blobs">Bytes in number.</param>
/// <param name="Records">Who is enrolled.</param>
public sealed record ServerStorage(ILedger Ledger, IBlobs Blobs, IRecords Records)
{
    /// <summary>What the operator should hear of how the storage was found, in a sentence; null for nothing.</summary>
    public string? Note { get; init; }

    /// <summary>All in one folder, for one server. The folder and all in it are made its owner's alone.</summary>
    /// <exception cref="IOException">Another server uses the folder, or it cannot be used; the message says which.</exception>
    /// <exception cref="InvalidDataException">What is kept of who is enrolled is damaged.</exception>
    public static ServerStorage InFolder(string path)
    {
        string? note = PrivateFiles.Tighten(path);
        PrivateFiles.MakeFolder(path);
        var ledger = new FolderLedger(Path.Combine(path, "ledger"));
        try
        {
            var records = new FolderRecords(Path.Combine(path, "records"));
            records.Check();
            return new ServerStorage(ledger, new FolderBlobs(Path.Combine(path, "blobs")), records) { Note = note };
        }
        catch
        {
            ledger.Dispose();
            throw;
        }
    }
}
