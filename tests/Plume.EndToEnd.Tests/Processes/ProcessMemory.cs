using System.Globalization;

namespace Plume.EndToEnd.Tests.Processes;

/// <summary>What a process has in its memory, as Linux shows it.</summary>
static class ProcessMemory
{
    const int ChunkBytes = 16 << 20;

    /// <summary>Which of some texts of bytes are anywhere in what a process may write.</summary>
    /// <param name="id">The process.</param>
    /// <param name="wanted">The texts, each shorter than a page.</param>
    public static IReadOnlyList<byte[]> Find(int id, IReadOnlyList<byte[]> wanted)
    {
        var found = new HashSet<byte[]>();
        using var memory = new FileStream($"/proc/{id}/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        var buffer = new byte[ChunkBytes];
        foreach (var (start, end) in Regions(id))
        {
            for (long at = start; at < end; at += ChunkBytes / 2)
            {
                int read = Read(memory, at, buffer.AsSpan(0, (int)Math.Min(ChunkBytes, end - at)));
                found.UnionWith(wanted.Where(text => buffer.AsSpan(0, read).IndexOf(text) >= 0));
            }
        }

        return [.. found];
    }

    static IEnumerable<(long Start, long End)> Regions(int id) => File.ReadLines($"/proc/{id}/maps")
        .Select(line => line.Split(' ', 3)).Where(parts => parts[1].StartsWith("rw", StringComparison.Ordinal))
        .Select(parts => parts[0].Split('-'))
        .Select(range => (long.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            long.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture)));

    // Pages that nobody touched, or that are gone since they were listed, are not read.
    static int Read(FileStream memory, long at, Span<byte> buffer)
    {
        try
        {
            return RandomAccess.Read(memory.SafeFileHandle, buffer, at);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
