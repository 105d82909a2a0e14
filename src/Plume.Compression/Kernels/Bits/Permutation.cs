using System.Runtime.CompilerServices;

namespace Plume.Compression.Kernels.Bits;

/// <summary>Brings bytes into another order, eight at a time.</summary>
static unsafe class Permutation
{
    /// <summary>Byte i becomes the one at place i of the permutation.</summary>
    /// <param name="source">As many bytes as there are places.</param>
    /// <param name="places">Indices into them.</param>
    /// <param name="target">Receives as many.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gather(ReadOnlySpan<byte> source, ReadOnlySpan<ushort> places, Span<byte> target)
    {
        fixed (byte* from = source[..places.Length], to = target[..places.Length])
        fixed (ushort* place = places)
        {
            int i = 0;
            for (; i + sizeof(ulong) <= places.Length; i += sizeof(ulong))
            {
                ushort* p = place + i;
                *(ulong*)(to + i) = from[p[0]] | (ulong)from[p[1]] << 8 | (ulong)from[p[2]] << 16 | (ulong)from[p[3]] << 24
                    | (ulong)from[p[4]] << 32 | (ulong)from[p[5]] << 40 | (ulong)from[p[6]] << 48 | (ulong)from[p[7]] << 56;
            }

            for (; i < places.Length; i++)
                to[i] = from[place[i]];
        }
    }
}
