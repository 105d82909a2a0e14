namespace Plume.Compression.Container;

/// <summary>Writes a file whole or not at all: beside its place first, flushed to the disk, then renamed.</summary>
public static class AtomicFile
{
    /// <summary>Replaces the file at <paramref name="path"/> by the bytes.</summary>
    /// <exception cref="IOException">The disk refused; an older file of that name is untouched and nothing is left beside it.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written to.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string beside = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            using (var file = new FileStream(beside, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }
}
