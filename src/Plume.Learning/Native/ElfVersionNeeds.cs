using System.Buffers.Binary;
using System.Text;

namespace Plume.Learning.Native;

/// <summary>
/// The list in a 64-bit ELF library of the symbol versions that it needs from others (section .gnu.version_r; System V
/// ABI and the LSB core specification, "Symbol Versioning").
/// </summary>
static class ElfVersionNeeds
{
    const uint VersionNeedsType = 0x6ffffffe;
    const ushort WeakFlag = 2;

    /// <summary>Marks a needed version as weak, so that a system without it loads the library all the same.</summary>
    /// <exception cref="BadImageFormatException">The bytes are no such library, or it does not need that version.</exception>
    public static void MakeOptional(Span<byte> library, string version)
    {
        if (library.Length < 64 || !library[..4].SequenceEqual("\x7F"u8 + "ELF"u8) || library[4] != 2 || library[5] != 1)
            throw new BadImageFormatException("The library is not a 64-bit little-endian ELF file.");
        long sections = (long)Read64(library, 0x28);
        int size = Read16(library, 0x3A), count = Read16(library, 0x3C);
        for (int i = 0; i < count; i++)
        {
            long section = sections + (long)i * size;
            if (Read32(library, section + 4) != VersionNeedsType)
                continue;
            long names = (long)Read64(library, sections + Read32(library, section + 40) * (long)size + 24);
            if (MarkWeak(library, (long)Read64(library, section + 24), names, version))
                return;
        }

        throw new BadImageFormatException($"The library does not need version {version}.");
    }

    static bool MarkWeak(Span<byte> library, long need, long names, string version)
    {
        while (true)
        {
            long entry = need + Read32(library, need + 8);
            for (int left = Read16(library, need + 2); left > 0; left--)
            {
                if (NameIs(library, names + Read32(library, entry + 8), version))
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(Slice(library, entry + 4, 2), WeakFlag);
                    return true;
                }

                entry += Read32(library, entry + 12);
            }

            uint next = Read32(library, need + 12);
            if (next == 0)
                return false;
            need += next;
        }
    }

    static bool NameIs(Span<byte> library, long offset, string name)
    {
        byte[] wanted = [.. Encoding.ASCII.GetBytes(name), 0];
        return offset + wanted.Length <= library.Length && Slice(library, offset, wanted.Length).SequenceEqual(wanted);
    }

    static ushort Read16(Span<byte> library, long offset) => BinaryPrimitives.ReadUInt16LittleEndian(Slice(library, offset, 2));

    static uint Read32(Span<byte> library, long offset) => BinaryPrimitives.ReadUInt32LittleEndian(Slice(library, offset, 4));

    static ulong Read64(Span<byte> library, long offset) => BinaryPrimitives.ReadUInt64LittleEndian(Slice(library, offset, 8));

    static Span<byte> Slice(Span<byte> library, long offset, int length) => offset >= 0 && offset + length <= library.Length
        ? library.Slice((int)offset, length)
        : throw new BadImageFormatException($"The library points to byte {offset}, beyond its end at {library.Length}.");
}
