using Plume.Compression.Wire;

namespace Plume.Learning.Data;

/// <summary>A file's bytes, unpacked where the file is gzipped, which its first bytes say and its name need not.</summary>
sealed class PackedFile : Stream
{
    // Deflate's longest match is 258 bytes and takes two bits at least: a byte of the file never unpacks to more.
    const long MostUnpacked = 1032;

    readonly string path;
    readonly FileStream file;
    readonly GzipMembers? members;
    long length;

    /// <summary>Opens the file.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public PackedFile(string path)
    {
        this.path = path;
        file = File.OpenRead(path);
        bool packed = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
        file.Position = 0;
        members = packed ? new GzipMembers(file, path) : null;
    }

    /// <summary>No more bytes than these can come out of the file, whatever it declares.</summary>
    public long Capacity => members is not null ? file.Length * MostUnpacked : file.Length;

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
        int read = buffer.IsEmpty ? 0 : members?.Read(buffer) ?? file.Read(buffer);
        length += read;
        return read;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <summary>
    /// Fills the whole buffer, which holds a field that needs <paramref name="need"/> bytes, from its byte
    /// <paramref name="done"/> on.
    /// </summary>
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
        new($"File '{path}' is {(damage is null ? "cut" : "cut or damaged")}: its {field} needs {need} bytes, but it has {have}.",
            damage!);

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
        members?.Dispose();
        file.Dispose();
        base.Dispose(disposing);
    }
}
