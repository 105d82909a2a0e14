using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using Plume.Compression.Wire;

namespace Plume.Learning.Data;

/// <summary>
/// The unpacked bytes of a gzipped file: of all its members, as <c>cat a.gz b.gz</c> and bgzip write them. Each is held against
/// its checksum and length, since the runtime's own reader takes a cut file for a short one and what follows the last member for
/// nothing.
/// </summary>
/// <remarks>Source: P. Deutsch, RFC 1952, "GZIP file format specification version 4.3", 1996.</remarks>
sealed class GzipMembers(FileStream file, string path) : IDisposable
{
    const int Extra = 4, Name = 8, Comment = 16, HeaderChecksum = 2, Reserved = 0xE0;
    const int Trailer = 8;

    readonly Pieces pieces = new(file);
    readonly Crc32 checksum = new();
    DeflateStream? member;
    uint length;

    /// <summary>Fills some of the buffer, which is not empty; 0 at the end of the last member.</summary>
    /// <exception cref="InvalidPayloadException">The file is damaged, cut, or goes on after its last member with something
    /// else.</exception>
    public int Read(Span<byte> buffer)
    {
        while (member is not null || file.Position < file.Length)
        {
            member ??= Open();
            int read = Inflate(member, buffer);
            checksum.Append(buffer[..read]);
            length += (uint)read;
            if (read > 0)
                return read;
            Close(member);
        }

        return 0;
    }

    int Inflate(DeflateStream opened, Span<byte> buffer)
    {
        try
        {
            return opened.Read(buffer);
        }
        catch (InvalidDataException damage)
        {
            throw new InvalidPayloadException($"File '{path}' is not valid gzip: {damage.Message}", damage);
        }
    }

    DeflateStream Open()
    {
        long start = file.Position;
        if (Byte() != 0x1F || Byte() != 0x8B)
            throw new InvalidPayloadException(
                $"File '{path}' is not valid gzip: at byte {start}, after a whole member, stands something else. Remove it, or "
                    + $"fetch the file again.");
        if (Byte() != 8 || Byte() is var flags && (flags & Reserved) != 0)
            throw new InvalidPayloadException(
                $"File '{path}' is not valid gzip: its member at byte {start} is packed in no way that is known.");
        Skip(6);
        if ((flags & Extra) != 0)
            Skip(Byte() | Byte() << 8);
        for (int texts = ((flags & Name) != 0 ? 1 : 0) + ((flags & Comment) != 0 ? 1 : 0); texts > 0; texts--)
        {
            while (Byte() != 0)
            {
            }
        }

        Skip((flags & HeaderChecksum) != 0 ? 2 : 0);
        pieces.Begin();
        return new DeflateStream(pieces, CompressionMode.Decompress, leaveOpen: true);
    }

    // The inflater does not say where it stopped, only that it did so within the last piece: there stands the trailer that it
    // must find, with the end of the file or another member behind it.
    void Close(DeflateStream ended)
    {
        ended.Dispose();
        byte[] around = new byte[pieces.Taken + Trailer + 3];
        int have = RandomAccess.Read(file.SafeFileHandle, around, pieces.Start), garbage = -1;
        Span<byte> trailer = stackalloc byte[Trailer];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, checksum.GetCurrentHashAsUInt32());
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], length);
        for (int at = 0; at + Trailer <= have; at++)
        {
            int step = around.AsSpan(at, have - at).IndexOf(trailer);
            if (step < 0)
                break;
            at += step;
            var behind = around.AsSpan(at + Trailer, Math.Min(3, have - at - Trailer));
            if (behind.IsEmpty || behind.SequenceEqual<byte>([0x1F, 0x8B, 8]))
            {
                Next(pieces.Start + at + Trailer);
                return;
            }

            garbage = at + Trailer;
        }

        throw garbage >= 0
            ? new InvalidPayloadException(
                $"File '{path}' is not valid gzip: at byte {pieces.Start + garbage}, after a whole member, stands something "
                    + $"else. Remove it, or fetch the file again.")
            : new InvalidPayloadException(
                $"File '{path}' is cut or damaged: its {length} unpacked bytes are not those that its gzip trailer is for.");
    }

    void Next(long start)
    {
        file.Position = start;
        checksum.Reset();
        length = 0;
        member = null;
    }

    int Byte() => file.ReadByte() is >= 0 and var read ? read
        : throw new InvalidPayloadException($"File '{path}' is cut: it ends within the header of a gzip member.");

    void Skip(int bytes)
    {
        for (; bytes > 0; bytes--)
            Byte();
    }

    /// <inheritdoc/>
    public void Dispose() => member?.Dispose();

    /// <summary>The file in pieces, of which the last one's place is known.</summary>
    sealed class Pieces(FileStream file) : Stream
    {
        const int Longest = 1 << 12;

        public long Start { get; private set; }

        public int Taken { get; private set; }

        public void Begin() => (Start, Taken) = (file.Position, 0);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override long Length => throw new NotSupportedException();

        public override int Read(Span<byte> buffer)
        {
            long start = file.Position;
            int read = file.Read(buffer[..Math.Min(buffer.Length, Longest)]);
            if (read > 0)
                (Start, Taken) = (start, read);
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
