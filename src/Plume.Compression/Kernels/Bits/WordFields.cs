using System.Buffers.Binary;

namespace Plume.Compression.Kernels.Bits;

/// <summary>Words of 32 bits as fields of a fixed width, the lowest bit first: what secure sums are made of.</summary>
public static class WordFields
{
    /// <summary>Bytes of a number of fields.</summary>
    public static int LengthOf(int count, int bits) => BitFields.LengthOf(count, bits);

    /// <summary>Whether the bits after the last field are zero.</summary>
    public static bool IsPadded(ReadOnlySpan<byte> fields, int count, int bits) => BitFields.IsPadded(fields, count, bits);

    /// <summary>Writes the lowest bits of each word; the last byte is padded with zeros.</summary>
    /// <param name="words">The words.</param>
    /// <param name="bits">Width of a field, 1 to 32.</param>
    /// <param name="fields">Receives <see cref="LengthOf"/> bytes.</param>
    public static void Pack(ReadOnlySpan<uint> words, int bits, Span<byte> fields)
    {
        uint mask = uint.MaxValue >> (32 - bits);
        ulong pending = 0;
        int count = 0, place = 0;
        foreach (uint word in words)
        {
            pending |= (ulong)(word & mask) << count;
            count += bits;
            if (count < 32)
                continue;
            BinaryPrimitives.WriteUInt32LittleEndian(fields[place..], (uint)pending);
            (pending, count, place) = (pending >> 32, count - 32, place + 4);
        }

        for (; count > 0; count -= 8, pending >>= 8)
            fields[place++] = (byte)pending;
    }

    /// <summary>Adds what <see cref="Pack"/> wrote to words, modulo 2^32.</summary>
    public static void AddTo(ReadOnlySpan<byte> fields, int bits, Span<uint> words)
    {
        uint mask = uint.MaxValue >> (32 - bits);
        ulong pending = 0;
        int count = 0, place = 0;
        foreach (ref uint word in words)
        {
            if (count < bits && fields.Length - place >= 4)
            {
                pending |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(fields[place..]) << count;
                (count, place) = (count + 32, place + 4);
            }

            for (; count < bits; count += 8)
                pending |= (ulong)fields[place++] << count;
            word += (uint)pending & mask;
            (pending, count) = (pending >> bits, count - bits);
        }
    }
}
