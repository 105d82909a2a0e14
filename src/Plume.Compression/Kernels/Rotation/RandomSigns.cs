using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Plume.Compression.Randomness;

namespace Plume.Compression.Kernels.Rotation;

/// <summary>
/// Turns the sign of each value with probability one half: value i where bit i mod 64 of draw i / 64 is set. Its own inverse.
/// </summary>
static class RandomSigns
{
    const int DrawBits = 64;

    public static void Flip(Span<float> values, RandomKey key)
    {
        int whole = values.Length / DrawBits * DrawBits;
        var vectors = MemoryMarshal.Cast<float, Vector512<float>>(values[..whole]);
        ulong position = 0;
        for (int i = 0; i + 3 < vectors.Length; i += 4)
        {
            ulong bits = key.Bits(position++);
            vectors[i] ^= Turns((ushort)bits);
            vectors[i + 1] ^= Turns((ushort)(bits >> 16));
            vectors[i + 2] ^= Turns((ushort)(bits >> 32));
            vectors[i + 3] ^= Turns((ushort)(bits >> 48));
        }

        if (whole == values.Length)
            return;
        ulong last = key.Bits(position);
        for (int i = whole; i < values.Length; i++)
            values[i] = (last >> (i - whole) & 1) == 0 ? values[i] : -values[i];
    }

    // Sixteen bits spread over the sign bits of sixteen lanes.
    static Vector512<float> Turns(ushort bits)
    {
        var lane = Vector512.Create(1u, 2u, 4u, 8u, 16u, 32u, 64u, 128u, 256u, 512u, 1024u, 2048u, 4096u, 8192u, 16384u, 32768u);
        var set = Vector512.Equals(Vector512.Create((uint)bits) & lane, lane);
        return (set & Vector512.Create(0x80000000u)).AsSingle();
    }
}
