using System.Buffers.Binary;
using Plume.Compression.Wire;

namespace Plume.Learning.Data.Tables.Files;

/// <summary>
/// Walks through the footer of a Parquet file before Parquet.Net reads it, which believes what a list says of its length: a
/// changed byte would keep it busy for ever.
/// </summary>
/// <remarks>
/// The footer is one struct in Thrift's compact protocol (thrift/doc/specs/thrift-compact-protocol.md), between its length and
/// the file's last four bytes.
/// </remarks>
ref struct ParquetFooter
{
    const int Deepest = 32;
    const int End = 8;
    const int LongestFooter = 1 << 28;

    readonly ReadOnlySpan<byte> bytes;
    int next;

    ParquetFooter(ReadOnlySpan<byte> bytes) => this.bytes = bytes;

    /// <summary>Finds out whether a file's footer is one.</summary>
    /// <exception cref="InvalidPayloadException">It is not.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static void Check(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> end = stackalloc byte[End];
        if (file.Length >= End)
        {
            file.Position = file.Length - End;
            file.ReadExactly(end);
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(end);
        if (!end[4..].SequenceEqual("PAR1"u8) || length < 1 || length > Math.Min(LongestFooter, file.Length - End))
            throw new InvalidPayloadException($"File '{path}' is no Parquet file, or is cut: it does not end with a footer.");
        byte[] footer = new byte[length];
        file.Position = file.Length - End - length;
        file.ReadExactly(footer);
        var walk = new ParquetFooter(footer);
        if (!walk.SkipStruct(Deepest))
            throw new InvalidPayloadException(
                $"File '{path}' is a damaged Parquet file: its footer breaks off at byte {walk.next} of {length}.");
    }

    bool SkipStruct(int depth)
    {
        while (depth > 0 && Take() is { } field)
        {
            if (field == 0)
                return true;
            if (field >> 4 == 0 && Number() is null || !Skip(field & 15, depth, isElement: false))
                return false;
        }

        return false;
    }

    // By the numbers that the protocol gives its types.
    bool Skip(int type, int depth, bool isElement) => type switch
    {
        1 or 2 => !isElement || Take() is not null,
        3 => Take() is not null,
        4 or 5 or 6 => Number() is not null,
        7 => Jump(8),
        8 => Number() is { } length && Jump(length),
        9 or 10 => SkipList(depth - 1),
        11 => SkipMap(depth - 1),
        12 => SkipStruct(depth - 1),
        _ => false,
    };

    bool SkipList(int depth)
    {
        if (depth <= 0 || Take() is not { } head || (head >> 4 < 15 ? (ulong)(head >> 4) : Number()) is not { } count)
            return false;
        // An element takes a byte at least.
        for (ulong i = 0; i < count; i++)
        {
            if (!Skip(head & 15, depth, isElement: true))
                return false;
        }

        return true;
    }

    bool SkipMap(int depth)
    {
        if (depth <= 0 || Number() is not { } count)
            return false;
        if (count == 0)
            return true;
        if (Take() is not { } types)
            return false;
        for (ulong i = 0; i < count; i++)
        {
            if (!Skip(types >> 4, depth, isElement: true) || !Skip(types & 15, depth, isElement: true))
                return false;
        }

        return true;
    }

    byte? Take() => next < bytes.Length ? bytes[next++] : null;

    ulong? Number()
    {
        ulong number = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (Take() is not { } part)
                return null;
            number |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return number;
        }

        return null;
    }

    bool Jump(ulong count)
    {
        if (count > (ulong)(bytes.Length - next))
            return false;
        next += (int)count;
        return true;
    }
}
