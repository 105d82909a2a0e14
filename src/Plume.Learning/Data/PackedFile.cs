using System.IO.Compression;
using Plume.Compression.Container;

namespace Plume.Learning.Data;

/// <summary>A file that may be gzipped, which its first bytes say and its name need not. It knows how much it can hold.</summary>
sealed class PackedFile : IDisposable
{
    // Deflate's longest match is 258 bytes and takes two bits at least: a byte of the file never unpacks to more.
    const long MostUnpacked = 1032;

    readonly string path;

    /// <summary>Opens the file.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public PackedFile(string path)
    {
        this.path = path;
        var file = File.OpenRead(path);
        bool packed = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
        file.Position = 0;
        Stream = packed ? new GZipStream(file, CompressionMode.Decompress) : file;
        Capacity = packed ? file.Length * MostUnpacked : file.Length;
    }

    /// <summary>The unpacked bytes. Reading it throws <see cref="InvalidDataException"/> where the gzip data is damaged.</summary>
    public Stream Stream { get; }

    /// <summary>No more bytes than these can come out of the file, whatever it declares.</summary>
    public long Capacity { get; }

    /// <summary>Fills the buffer as far as the file goes.</summary>
    /// <returns>The number of bytes that were left, at most the buffer's length.</returns>
    /// <exception cref="InvalidPayloadException">The gzip data is damaged.</exception>
    public int Read(Span<byte> buffer)
    {
        int read = Read(buffer, out var damage);
        return damage is null ? read : throw Damaged(damage);
    }

    /// <summary>Fills the whole buffer, which holds a field that needs <paramref name="need"/> bytes, from its byte <paramref name="done"/> on.</summary>
    /// <exception cref="InvalidPayloadException">The file ends before, or is damaged.</exception>
    public void Fill(Span<byte> buffer, string field, long need, long done = 0)
    {
        int read = Read(buffer, out var damage);
        if (read < buffer.Length || damage is not null)
            throw Cut(field, need, done + read, damage);
    }

    /// <summary>The file ends inside a field, or is damaged there.</summary>
    public InvalidPayloadException Cut(string field, long need, long have, InvalidDataException? damage = null) =>
        new($"File '{path}' is cut or damaged: its {field} needs {need} bytes, but it has {have}.", damage!);

    /// <summary>The gzip data is damaged or cut.</summary>
    public InvalidPayloadException Damaged(InvalidDataException damage) =>
        new($"File '{path}' is not whole gzip data: {damage.Message}", damage);

    /// <inheritdoc/>
    public void Dispose() => Stream.Dispose();

    int Read(Span<byte> buffer, out InvalidDataException? damage)
    {
        int read = 0;
        damage = null;
        try
        {
            for (int more = 1; more > 0 && read < buffer.Length; read += more)
                more = Stream.Read(buffer[read..]);
        }
        catch (InvalidDataException found)
        {
            damage = found;
        }

        return read;
    }
}
