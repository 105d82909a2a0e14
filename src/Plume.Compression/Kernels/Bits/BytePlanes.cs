using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Plume.Compression.Kernels.Bits;

/// <summary>
/// Floats as four planes of bytes. Rotated left by one bit, a float is its exponent, then its mantissa and last its
/// sign: plane 3 is the exponents alone.
/// </summary>
static class BytePlanes
{
    public const int Planes = 4;
    const int Group = 64;

    /// <summary>Splits the bits of floats; plane p starts at p * the number of floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Split(ReadOnlySpan<uint> floats, Span<byte> planes)
    {
        int count = floats.Length, i = 0;
        ref uint source = ref MemoryMarshal.GetReference(floats);
        ref byte target = ref MemoryMarshal.GetReference(planes[..(Planes * count)]);
        for (; i + Group <= count; i += Group)
        {
            var a = Rotated(ref source, i);
            var b = Rotated(ref source, i + 16);
            var c = Rotated(ref source, i + 32);
            var d = Rotated(ref source, i + 48);
            for (int plane = 0; plane < Planes; plane++)
            {
                Vector512.Narrow(Vector512.Narrow(a >> (8 * plane), b >> (8 * plane)) & Vector512.Create((ushort)0xFF),
                    Vector512.Narrow(c >> (8 * plane), d >> (8 * plane)) & Vector512.Create((ushort)0xFF))
                    .StoreUnsafe(ref target, (nuint)(plane * count + i));
            }
        }

        for (; i < count; i++)
        {
            uint bits = uint.RotateLeft(floats[i], 1);
            for (int plane = 0; plane < Planes; plane++)
                planes[plane * count + i] = (byte)(bits >> (8 * plane));
        }
    }

    /// <summary>Puts back together what <see cref="Split"/> took apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Join(ReadOnlySpan<byte> planes, Span<uint> floats)
    {
        int count = floats.Length, i = 0;
        ref byte source = ref MemoryMarshal.GetReference(planes[..(Planes * count)]);
        ref uint target = ref MemoryMarshal.GetReference(floats);
        for (; i + Group <= count; i += Group)
        {
            var (low, high) = Pairs(ref source, i, count);
            var (lowUpper, highUpper) = Pairs(ref source, 2 * count + i, count);
            Put(low, lowUpper, ref target, i);
            Put(high, highUpper, ref target, i + 32);
        }

        for (; i < count; i++)
        {
            uint bits = planes[i] | (uint)planes[count + i] << 8 | (uint)planes[2 * count + i] << 16
                | (uint)planes[3 * count + i] << 24;
            floats[i] = uint.RotateRight(bits, 1);
        }
    }

    static Vector512<uint> Rotated(ref uint source, int first)
    {
        var bits = Vector512.LoadUnsafe(ref source, (nuint)first);
        return (bits << 1) | (bits >> 31);
    }

    // 64 bytes of a plane and 64 of the next above it as 64 numbers of 16 bits.
    static (Vector512<ushort> Low, Vector512<ushort> High) Pairs(ref byte source, int first, int count)
    {
        var lower = Vector512.LoadUnsafe(ref source, (nuint)first);
        var upper = Vector512.LoadUnsafe(ref source, (nuint)(first + count));
        return (Vector512.WidenLower(lower) | (Vector512.WidenLower(upper) << 8),
            Vector512.WidenUpper(lower) | (Vector512.WidenUpper(upper) << 8));
    }

    static void Put(Vector512<ushort> lower, Vector512<ushort> upper, ref uint target, int first)
    {
        Put(Vector512.WidenLower(lower) | (Vector512.WidenLower(upper) << 16), ref target, first);
        Put(Vector512.WidenUpper(lower) | (Vector512.WidenUpper(upper) << 16), ref target, first + 16);
    }

    static void Put(Vector512<uint> bits, ref uint target, int first) =>
        ((bits >> 1) | (bits << 31)).StoreUnsafe(ref target, (nuint)first);
}
