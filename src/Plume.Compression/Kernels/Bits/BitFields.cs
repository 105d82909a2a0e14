using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Plume.Compression.Kernels.Bits;

/// <summary>
/// Symbols as fields of a fixed width, the lowest bit first. Eight fields of b bits are b whole bytes: symbols of one byte
/// go eight at a time through one 64-bit word, wider ones one after another.
/// </summary>
static class BitFields
{
    /// <summary>Bytes of a number of fields.</summary>
    public static int LengthOf(int count, int bits) => (int)(((long)count * bits + 7) / 8);

    /// <summary>Writes the symbols' fields; the last byte is padded with zeros.</summary>
    /// <param name="symbols">Little-endian symbols of 1 byte for up to 8 bits, 2 for up to 16, 4 above, each below
    /// 2^bits.</param>
    /// <param name="bits">Width of a field.</param>
    /// <param name="fields">Receives <see cref="LengthOf"/> bytes.</param>
    public static void Pack(ReadOnlySpan<byte> symbols, int bits, Span<byte> fields)
    {
        if (bits is 8 or 16 or 32)
            symbols.CopyTo(fields);
        else if (bits < 8)
            PackBytes(symbols, bits, fields);
        else if (bits > 16)
            WordFields.Pack(MemoryMarshal.Cast<byte, uint>(symbols), bits, fields);
        else
            PackWords(MemoryMarshal.Cast<byte, ushort>(symbols), bits, fields);
    }

    /// <summary>Reads what <see cref="Pack"/> wrote.</summary>
    public static void Unpack(ReadOnlySpan<byte> fields, int bits, Span<byte> symbols)
    {
        if (bits is 8 or 16 or 32)
            fields.CopyTo(symbols);
        else if (bits < 8)
            UnpackBytes(fields, bits, symbols);
        else if (bits > 16)
            UnpackWide(fields, bits, MemoryMarshal.Cast<byte, uint>(symbols));
        else
            UnpackWords(fields, bits, MemoryMarshal.Cast<byte, ushort>(symbols));
    }

    /// <summary>Whether the bits after the last field are zero.</summary>
    public static bool IsPadded(ReadOnlySpan<byte> fields, int count, int bits)
    {
        int used = (int)((long)count * bits & 7);
        return used == 0 || fields[^1] >> used == 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void PackBytes(ReadOnlySpan<byte> symbols, int bits, Span<byte> fields)
    {
        int done = 0, place = 0;
        // A word writes 8 bytes, of which the next word overwrites all but the first b.
        for (; done <= symbols.Length - 8 && place <= fields.Length - 8; done += 8, place += bits)
            BinaryPrimitives.WriteUInt64LittleEndian(fields[place..],
                Gather(BinaryPrimitives.ReadUInt64LittleEndian(symbols[done..]), bits));
        Span<byte> last = stackalloc byte[8];
        for (; done < symbols.Length; done += 8, place += bits)
        {
            last.Clear();
            symbols[done..Math.Min(done + 8, symbols.Length)].CopyTo(last);
            BinaryPrimitives.WriteUInt64LittleEndian(last, Gather(BinaryPrimitives.ReadUInt64LittleEndian(last), bits));
            last[..Math.Min(bits, fields.Length - place)].CopyTo(fields[place..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void UnpackBytes(ReadOnlySpan<byte> fields, int bits, Span<byte> symbols)
    {
        int done = 0, place = 0;
        for (; done <= symbols.Length - 8 && place <= fields.Length - 8; done += 8, place += bits)
            BinaryPrimitives.WriteUInt64LittleEndian(symbols[done..],
                Spread(BinaryPrimitives.ReadUInt64LittleEndian(fields[place..]), bits));
        Span<byte> last = stackalloc byte[8];
        for (; done < symbols.Length; done += 8, place += bits)
        {
            last.Clear();
            fields[place..Math.Min(place + bits, fields.Length)].CopyTo(last);
            BinaryPrimitives.WriteUInt64LittleEndian(last, Spread(BinaryPrimitives.ReadUInt64LittleEndian(last), bits));
            last[..Math.Min(8, symbols.Length - done)].CopyTo(symbols[done..]);
        }
    }

    // Fields move together in three steps: bytes to pairs, pairs to fours, fours to the whole.
    static ulong Gather(ulong x, int bits)
    {
        x = (x & 0x00FF00FF00FF00FF) | ((x >> (8 - bits)) & (0x00FF00FF00FF00FFUL << bits));
        x = (x & 0x0000FFFF0000FFFF) | ((x >> (16 - 2 * bits)) & (0x0000FFFF0000FFFFUL << (2 * bits)));
        return (x & 0x00000000FFFFFFFF) | ((x >> (32 - 4 * bits)) & (0x00000000FFFFFFFFUL << (4 * bits)));
    }

    static ulong Spread(ulong x, int bits)
    {
        ulong four = (1UL << (4 * bits)) - 1, two = (1UL << (2 * bits)) - 1, one = (1UL << bits) - 1;
        x = (x & four) | ((x & (four << (4 * bits))) << (32 - 4 * bits));
        two |= two << 32;
        x = (x & two) | ((x & (two << (2 * bits))) << (16 - 2 * bits));
        one |= one << 16;
        one |= one << 32;
        return (x & one) | ((x & (one << bits)) << (8 - bits));
    }

    static void UnpackWide(ReadOnlySpan<byte> fields, int bits, Span<uint> symbols)
    {
        symbols.Clear();
        WordFields.AddTo(fields, bits, symbols);
    }

    static void PackWords(ReadOnlySpan<ushort> symbols, int bits, Span<byte> fields)
    {
        ulong pending = 0;
        int count = 0, place = 0;
        foreach (ushort symbol in symbols)
        {
            pending |= (ulong)symbol << count;
            for (count += bits; count >= 8; count -= 8, pending >>= 8)
                fields[place++] = (byte)pending;
        }

        if (count > 0)
            fields[place] = (byte)pending;
    }

    static void UnpackWords(ReadOnlySpan<byte> fields, int bits, Span<ushort> symbols)
    {
        ulong pending = 0;
        int count = 0, place = 0;
        foreach (ref ushort symbol in symbols)
        {
            for (; count < bits; count += 8)
                pending |= (ulong)fields[place++] << count;
            symbol = (ushort)(pending & ((1UL << bits) - 1));
            pending >>= bits;
            count -= bits;
        }
    }
}
