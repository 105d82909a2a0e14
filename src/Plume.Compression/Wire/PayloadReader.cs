using System.Buffers.Binary;

namespace Plume.Compression.Wire;

/// <summary>Reads little-endian fields from untrusted bytes; every read is checked and named.</summary>
public ref struct PayloadReader(ReadOnlySpan<byte> payload)
{
    readonly ReadOnlySpan<byte> payload = payload;

    /// <summary>Bytes read so far.</summary>
    public int Offset { get; private set; }

    /// <summary>Bytes not yet read.</summary>
    public readonly int Left => payload.Length - Offset;

    /// <summary>The bytes not yet read, without reading them.</summary>
    public readonly ReadOnlySpan<byte> Rest => payload[Offset..];

    /// <summary>The next <paramref name="length"/> bytes.</summary>
    public ReadOnlySpan<byte> Bytes(long length, string field)
    {
        if (length < 0 || length > Left)
            throw InvalidPayloadException.Ends(field, Offset, length, Left);
        var bytes = payload.Slice(Offset, (int)length);
        Offset += (int)length;
        return bytes;
    }

    /// <summary>One byte.</summary>
    public byte UInt8(string field) => Bytes(1, field)[0];

    /// <summary>Two bytes, little-endian.</summary>
    public ushort UInt16(string field) => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2, field));

    /// <summary>Four bytes, little-endian.</summary>
    public uint UInt32(string field) => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4, field));

    /// <summary>Eight bytes, little-endian.</summary>
    public ulong UInt64(string field) => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(8, field));

    /// <summary>An eight-byte IEEE float, whatever it is.</summary>
    public double Double(string field) => BinaryPrimitives.ReadDoubleLittleEndian(Bytes(8, field));

    /// <summary>A four-byte IEEE float that must be finite.</summary>
    public float FiniteSingle(string field)
    {
        float value = BinaryPrimitives.ReadSingleLittleEndian(Bytes(4, field));
        return float.IsFinite(value) ? value : throw InvalidPayloadException.Field(field, Offset - 4, value, "must be finite");
    }

    /// <summary>A LEB128 number from <paramref name="minimum"/> to <paramref name="maximum"/>; the shortest form only.</summary>
    public int Varint(string field, int minimum, int maximum)
    {
        int start = Offset;
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte piece = UInt8(field);
            value |= (ulong)(piece & 0x7F) << shift;
            if (piece < 0x80)
            {
                if (piece == 0 && shift > 0)
                    throw InvalidPayloadException.Field(field, start, value, "must be written in its shortest form");
                break;
            }

            if (shift >= 28)
                throw InvalidPayloadException.Field(field, start, "over five bytes long", "must have at most five bytes");
        }

        if (value < (ulong)minimum || value > (ulong)maximum)
            throw InvalidPayloadException.Field(field, start, value, $"must be in {minimum}..{maximum}");
        return (int)value;
    }

    /// <summary>Refuses bytes after the last field.</summary>
    public readonly void End(string field)
    {
        if (Left != 0)
            throw InvalidPayloadException.Field(field, Offset, $"followed by {Left} more bytes", "must end there");
    }
}
