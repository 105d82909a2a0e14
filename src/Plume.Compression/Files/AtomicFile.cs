namespace Plume.Compression.Files;

/// <summary>Writes a file whole or not at all: beside its place first, flushed to the disk, then renamed.</summary>
public static class AtomicFile
{
    /// <summary>The mode of a file that only its owner may read and write.</summary>
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Replaces the file at <paramref name="path"/> by the bytes.</summary>
    /// <param name="path">The file's place.</param>
    /// <param name="bytes">All of its bytes.</param>
    /// <param name="mode">Who may do what with it from the moment that it exists; null for what the process gives to new files.
    /// Windows has no modes.</param>
    /// <exception cref="IOException">The disk refused; an older file of that name is untouched and nothing is left beside
    /// it.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written to.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes, UnixFileMode? mode = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string beside = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            using (var file = Create(beside, mode))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
        }
        catch (DirectoryNotFoundException missing)
        {
            throw new DirectoryNotFoundException(
                $"There is no folder '{Path.GetDirectoryName(Path.GetFullPath(path))}' for '{path}'.", missing);
        }
        catch (IOException refused) when (refused is not FileNotFoundException
            && refused.Message.Contains(beside, StringComparison.Ordinal))
        {
            File.Delete(beside);
            // Nobody asked for the file beside it.
            throw new IOException(refused.Message.Replace(beside, path, StringComparison.Ordinal), refused.HResult);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    static FileStream Create(string path, UnixFileMode? mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (mode is null || OperatingSystem.IsWindows())
            return new FileStream(path, options);
        // A file that was left there would keep the mode that it has.
        File.Delete(path);
        (options.Mode, options.UnixCreateMode) = (FileMode.CreateNew, mode);
        return new FileStream(path, options);
    }
}
