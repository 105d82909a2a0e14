using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using Plume.Compression.Container;

namespace Plume.Learning.Data;

/// <summary>
/// A file's bytes, unpacked where the file is gzipped, which its first bytes say and its name need not. At its end the
/// unpacked bytes are held against gzip's checksum and length: the runtime's own reader takes a cut file for a short one.
/// </summary>
/// <remarks>Source: P. Deutsch, RFC 1952, "GZIP file format specification version 4.3", 1996. A single member is read.</remarks>
sealed class PackedFile : Stream
{
    // Deflate's longest match is 258 bytes and takes two bits at least: a byte of the file never unpacks to more.
    const long MostUnpacked = 1032;
    const int Trailer = 8;

    readonly string path;
    readonly bool packed;
    readonly FileStream file;
    readonly Stream unpacked;
    readonly Crc32 checksum = new();
    long length;

    /// <summary>Opens the file.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public PackedFile(string path)
    {
        this.path = path;
        file = File.OpenRead(path);
        packed = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
        file.Position = 0;
        unpacked = packed ? new GZipStream(file, CompressionMode.Decompress, leaveOpen: true) : file;
    }

    /// <summary>No more bytes than these can come out of the file, whatever it declares.</summary>
    public long Capacity => packed ? file.Length * MostUnpacked : file.Length;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => length; set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    /// <exception cref="InvalidPayloadException">The gzip data is damaged or cut.</exception>
    public override int Read(Span<byte> buffer)
    {
        int read;
        try
        {
            read = unpacked.Read(buffer);
        }
        catch (InvalidDataException damage)
        {
            throw new InvalidPayloadException($"File '{path}' is not valid gzip: {damage.Message}", damage);
        }

        length += read;
        if (packed)
            checksum.Append(buffer[..read]);
        if (packed && read == 0 && !buffer.IsEmpty)
            CheckTrailer();
        return read;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <summary>Fills the whole buffer, which holds a field that needs <paramref name="need"/> bytes, from its byte <paramref name="done"/> on.</summary>
    /// <exception cref="InvalidPayloadException">The file ends before, or is damaged.</exception>
    public void Fill(Span<byte> buffer, string field, long need, long done = 0)
    {
        int filled = 0;
        try
        {
            for (int read = 1; read > 0 && filled < buffer.Length; filled += read)
                read = Read(buffer[filled..]);
        }
        catch (InvalidPayloadException damage)
        {
            throw Cut(field, need, done + filled, damage);
        }

        if (filled < buffer.Length)
            throw Cut(field, need, done + filled);
    }

    /// <summary>The file ends inside a field, or is damaged there.</summary>
    public InvalidPayloadException Cut(string field, long need, long have, InvalidPayloadException? damage = null) =>
        new($"File '{path}' is {(damage is null ? "cut" : "cut or damaged")}: its {field} needs {need} bytes, but it has {have}.", damage!);

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        unpacked.Dispose();
        file.Dispose();
        base.Dispose(disposing);
    }

    void CheckTrailer()
    {
        Span<byte> trailer = stackalloc byte[Trailer];
        int have = file.Length < Trailer ? 0 : RandomAccess.Read(file.SafeFileHandle, trailer, file.Length - Trailer);
        if (have < Trailer
            || BinaryPrimitives.ReadUInt32LittleEndian(trailer) != checksum.GetCurrentHashAsUInt32()
            || BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]) != (uint)length)
            throw new InvalidPayloadException($"File '{path}' is cut or damaged: its {length} unpacked bytes are not those that its gzip trailer is for.");
    }
}
