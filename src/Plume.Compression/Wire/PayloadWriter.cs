using System.Buffers.Binary;

namespace Plume.Compression.Wire;

/// <summary>Writes little-endian fields into a buffer that grows and is kept for the next payload.</summary>
public sealed class PayloadWriter
{
    const int FirstLength = 256;

    byte[] buffer = [];

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>What was written, valid until the next write.</summary>
    public ReadOnlyMemory<byte> Written => buffer.AsMemory(0, Length);

    /// <summary>Starts anew in the same memory.</summary>
    public void Clear() => Length = 0;

    /// <summary>Room for <paramref name="length"/> bytes, which then count as written.</summary>
    public Span<byte> Append(int length)
    {
        int needed = checked(Length + length);
        if (needed > buffer.Length)
            Array.Resize(ref buffer, (int)Math.Min(Array.MaxLength, Math.Max(Math.Max(needed, FirstLength), buffer.Length * 2L)));
        var room = buffer.AsSpan(Length, length);
        Length = needed;
        return room;
    }

    /// <summary>The same for several threads, each in a part of its own; valid until the next write.</summary>
    public Memory<byte> AppendMemory(int length)
    {
        Append(length);
        return buffer.AsMemory(Length - length, length);
    }

    /// <summary>Takes the last <paramref name="length"/> bytes back.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than were written.</exception>
    public void Shorten(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Length, nameof(length));
        Length -= length;
    }

    /// <summary>What was written from <paramref name="start"/> on, to be written anew; valid until the next write.</summary>
    internal Span<byte> From(int start) => buffer.AsSpan(start, Length - start);

    /// <summary>Adds one to the bytes from <paramref name="start"/> on as if they were one number, highest byte first.</summary>
    internal void AddOne(int start)
    {
        int place = Length - 1;
        while (place >= start && ++buffer[place] == 0)
            place--;
    }

    /// <summary>The bytes as they are.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Append(bytes.Length));

    /// <summary>One byte.</summary>
    public void UInt8(byte value) => Append(1)[0] = value;

    /// <summary>Two bytes, little-endian.</summary>
    public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Append(2), value);

    /// <summary>Four bytes, little-endian.</summary>
    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Append(4), value);

    /// <summary>Eight bytes, little-endian.</summary>
    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Append(8), value);

    /// <summary>A four-byte IEEE float.</summary>
    public void Single(float value) => BinaryPrimitives.WriteSingleLittleEndian(Append(4), value);

    /// <summary>An eight-byte IEEE float.</summary>
    public void Double(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Append(8), value);

    /// <summary>A number in LEB128: seven bits a byte, the lowest first.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public void Varint(int value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        uint rest = (uint)value;
        for (; rest >= 0x80; rest >>= 7)
            UInt8((byte)(rest | 0x80));
        UInt8((byte)rest);
    }
}
