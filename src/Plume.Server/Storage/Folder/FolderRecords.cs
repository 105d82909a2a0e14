using System.Buffers.Binary;

namespace Plume.Server.Storage.Folder;

/// <summary>Records as files of a folder that one server uses: eight bytes of revision, then the value.</summary>
public sealed class FolderRecords : IRecords
{
    const int RevisionBytes = 8;
    const int Largest = 64 << 10;

    readonly string root;
    readonly Lock gate = new();

    /// <summary>Records in a folder, which is made if there is none.</summary>
    public FolderRecords(string root)
    {
        this.root = Path.GetFullPath(root);
        Directory.CreateDirectory(this.root);
    }

    /// <inheritdoc/>
    public Task<Record?> ReadAsync(string key, CancellationToken cancellation) => Task.FromResult(Read(PathOf(key)));

    /// <inheritdoc/>
    public Task<bool> WriteAsync(string key, byte[] value, long revision, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Length, Largest, nameof(value));
        string path = PathOf(key);
        lock (gate)
        {
            if ((Read(path)?.Revision ?? 0) != revision)
                return Task.FromResult(false);
            var bytes = new byte[RevisionBytes + value.Length];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, revision + 1);
            value.CopyTo(bytes, RevisionBytes);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            DurableFolder.Replace(path, bytes);
            return Task.FromResult(true);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<KeyValuePair<string, Record>>> ListAsync(string prefix, CancellationToken cancellation)
    {
        StorageName.CheckPrefix(prefix);
        IReadOnlyList<KeyValuePair<string, Record>> records = [.. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .Where(path => !path.EndsWith(".tmp", StringComparison.Ordinal))
            .Select(path => (Key: Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/'), Path: path))
            .Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))
            .OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => KeyValuePair.Create(entry.Key, Read(entry.Path)!))];
        return Task.FromResult(records);
    }

    static Record? Read(string path)
    {
        if (!File.Exists(path))
            return null;
        byte[] bytes = File.ReadAllBytes(path);
        return bytes.Length >= RevisionBytes
            ? new Record(bytes[RevisionBytes..], BinaryPrimitives.ReadInt64LittleEndian(bytes))
            : throw new InvalidDataException($"The record '{path}' is cut: it has {bytes.Length} bytes, fewer than its revision. Restore it from a copy.");
    }

    string PathOf(string key) => Path.Combine(root, StorageName.Check(key));
}
