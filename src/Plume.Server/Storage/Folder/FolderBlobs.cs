using Plume.Compression.Files;

namespace Plume.Server.Storage.Folder;

/// <summary>Blobs as files of a folder.</summary>
public sealed class FolderBlobs : IBlobs
{
    const int MostTries = 100;

    // What making a folder ends with that was there, and is not when that is looked at.
    const int AlreadyExists = 17;

    readonly string root;

    /// <summary>Blobs in a folder, which is made if there is none.</summary>
    public FolderBlobs(string root)
    {
        this.root = Path.GetFullPath(root);
        PrivateFiles.MakeFolder(this.root);
    }

    /// <inheritdoc/>
    public Task<long?> LengthAsync(string name, CancellationToken cancellation)
    {
        string path = PathOf(name);
        return Task.FromResult<long?>(PrivateFiles.Exists(path) ? new FileInfo(path).Length : null);
    }

    /// <inheritdoc/>
    public async Task AppendAsync(string name, long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        string path = PathOf(name);
        using var stream = InFolderOf(path,
            () => PrivateFiles.Open(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read));
        var file = stream.SafeFileHandle;
        long length = RandomAccess.GetLength(file);
        if (length < offset)
            throw new InvalidOperationException($"'{name}' has {length} bytes, so nothing can be added at {offset}.");
        if (length > offset)
            RandomAccess.SetLength(file, offset);
        await RandomAccess.WriteAsync(file, bytes, offset, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task FlushAsync(string name, CancellationToken cancellation)
    {
        string path = ExistingPathOf(name);
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write))
            RandomAccess.FlushToDisk(file);
        DurableFolder.Flush(Path.GetDirectoryName(path)!);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task MoveAsync(string from, string to, CancellationToken cancellation)
    {
        string target = PathOf(to), source = ExistingPathOf(from);
        using (var file = File.OpenHandle(source, FileMode.Open, FileAccess.Write))
            RandomAccess.FlushToDisk(file);
        PrivateFiles.Exists(target);
        InFolderOf(target, () =>
        {
            File.Move(source, target, overwrite: true);
            return true;
        });
        DurableFolder.Flush(Path.GetDirectoryName(target)!);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<int> ReadAsync(string name, long offset, Memory<byte> destination, CancellationToken cancellation)
    {
        string path = ExistingPathOf(name);
        using var file = File.OpenHandle(path, options: FileOptions.Asynchronous);
        int read = 0;
        while (read < destination.Length)
        {
            int more = await RandomAccess.ReadAsync(file, destination[read..], offset + read, cancellation).ConfigureAwait(false);
            if (more == 0)
                break;
            read += more;
        }

        return read;
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string name, CancellationToken cancellation)
    {
        string path = PathOf(name);
        if (!File.Exists(path))
            return Task.CompletedTask;
        File.Delete(path);
        string folder = Path.GetDirectoryName(path)!;
        if (folder != root)
            DeleteIfEmpty(folder);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancellation)
    {
        StorageName.CheckPrefix(prefix);
        string folder = Path.Combine(root, prefix[..(prefix.LastIndexOf('/') + 1)]);
        IReadOnlyList<string> names = !Directory.Exists(folder) ? []
            : [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/'))
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
        return Task.FromResult(names);
    }

    static void DeleteIfEmpty(string folder)
    {
        try
        {
            if (!Directory.EnumerateFileSystemEntries(folder).Any())
                Directory.Delete(folder);
        }
        catch (IOException)
        {
            // Somebody else was sooner, or put something in.
        }
    }

    // A folder that is made may be deleted as empty before anything is in it.
    static T InFolderOf<T>(string path, Func<T> work)
    {
        for (int tried = 1; ; tried++)
        {
            try
            {
                PrivateFiles.MakeFolder(Path.GetDirectoryName(path)!);
                return work();
            }
            catch (IOException gone) when ((gone is DirectoryNotFoundException or FileNotFoundException
                || gone.HResult == AlreadyExists) && tried < MostTries)
            {
            }
        }
    }

    string ExistingPathOf(string name) => PathOf(name) is var path && PrivateFiles.Exists(path) ? path
        : throw new FileNotFoundException($"There is no blob '{name}'.");

    string PathOf(string name) => Path.Combine(root, StorageName.Check(name));
}
