using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Plume.Compression.Files;

namespace Plume.Server.Storage.Folder;

/// <summary>
/// Records as files of a folder that one server uses: eight bytes of revision, whose highest bit says that eight bytes of hash
/// over the key, the revision and the value follow, and the value. Earlier releases wrote no hash.
/// </summary>
public sealed class FolderRecords : IRecords
{
    const int RevisionBytes = 8, HashBytes = 8, HeaderBytes = RevisionBytes + HashBytes;
    const int Largest = 64 << 10;
    const long HasHash = long.MinValue;

    readonly string root;
    readonly Lock gate = new();

    /// <summary>Records in a folder, which is made if there is none.</summary>
    public FolderRecords(string root)
    {
        this.root = Path.GetFullPath(root);
        PrivateFiles.MakeFolder(this.root);
    }

    /// <summary>Reads all records once, so that damage is told before anybody is let in or kept out by it.</summary>
    /// <exception cref="InvalidDataException">One is damaged; the message says which.</exception>
    public void Check()
    {
        foreach (string key in Keys())
            Read(key);
        // Records lie in folders of their kind: what is a folder there was a record.
        foreach (string folder in Directory.EnumerateDirectories(root).SelectMany(Directory.EnumerateDirectories))
            PrivateFiles.Exists(folder);
    }

    /// <inheritdoc/>
    public Task<Record?> ReadAsync(string key, CancellationToken cancellation) => Task.FromResult(Read(StorageName.Check(key)));

    /// <inheritdoc/>
    public Task<bool> WriteAsync(string key, byte[] value, long revision, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Length, Largest, nameof(value));
        string path = PathOf(StorageName.Check(key));
        lock (gate)
        {
            if ((Read(key)?.Revision ?? 0) != revision)
                return Task.FromResult(false);
            var bytes = new byte[HeaderBytes + value.Length];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, (revision + 1) | HasHash);
            value.CopyTo(bytes, HeaderBytes);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(RevisionBytes), Hash(key, revision + 1, value));
            PrivateFiles.MakeFolder(Path.GetDirectoryName(path)!);
            DurableFolder.Replace(path, bytes);
            return Task.FromResult(true);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<KeyValuePair<string, Record>>> ListAsync(string prefix, CancellationToken cancellation)
    {
        StorageName.CheckPrefix(prefix);
        IReadOnlyList<KeyValuePair<string, Record>> records =
            [.. Keys().Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
                .Select(key => KeyValuePair.Create(key, Read(key)!))];
        return Task.FromResult(records);
    }

    IEnumerable<string> Keys() => Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
        .Where(path => !path.EndsWith(".tmp", StringComparison.Ordinal))
        .Select(path => Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/'));

    Record? Read(string key)
    {
        string path = PathOf(key);
        if (!PrivateFiles.Exists(path))
            return null;
        byte[] bytes = PrivateFiles.Read(path);
        if (bytes.Length < RevisionBytes)
            throw Damaged(path);
        long revision = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        if (revision > 0)
            return new Record(bytes[RevisionBytes..], revision);
        if (bytes.Length < HeaderBytes
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(RevisionBytes))
                != Hash(key, revision & ~HasHash, bytes.AsSpan(HeaderBytes)))
            throw Damaged(path);
        return new Record(bytes[HeaderBytes..], revision & ~HasHash);
    }

    static ulong Hash(string key, long revision, ReadOnlySpan<byte> value)
    {
        var hash = new XxHash64(revision);
        hash.Append(Encoding.UTF8.GetBytes(key));
        hash.Append(value);
        return hash.GetCurrentHashAsUInt64();
    }

    static InvalidDataException Damaged(string path) =>
        new($"The record '{path}' is damaged. Restore it from a copy; or delete it, and invite anew whose it was.");

    string PathOf(string key) => Path.Combine(root, key);
}
