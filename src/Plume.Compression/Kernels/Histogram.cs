using System.Runtime.CompilerServices;

namespace Plume.Compression.Kernels;

/// <summary>Counts bytes. Neighbours are counted apart, so that a run of equal bytes does not wait for its own counter.</summary>
static class Histogram
{
    const int Parts = 4;

    /// <summary>Sets <paramref name="counts"/> (256 of them) to how often each byte occurs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static unsafe void Count(ReadOnlySpan<byte> bytes, Span<int> counts)
    {
        counts.Clear();
        int* part = stackalloc int[Parts * 256];
        new Span<int>(part, Parts * 256).Clear();
        fixed (byte* source = bytes)
        {
            int i = 0;
            for (; i + sizeof(ulong) <= bytes.Length; i += sizeof(ulong))
            {
                ulong eight = *(ulong*)(source + i);
                part[(byte)eight]++;
                part[256 + (byte)(eight >> 8)]++;
                part[512 + (byte)(eight >> 16)]++;
                part[768 + (byte)(eight >> 24)]++;
                part[(byte)(eight >> 32)]++;
                part[256 + (byte)(eight >> 40)]++;
                part[512 + (byte)(eight >> 48)]++;
                part[768 + (eight >> 56)]++;
            }

            for (; i < bytes.Length; i++)
                part[source[i]]++;
        }

        for (int value = 0; value < 256; value++)
            counts[value] = part[value] + part[256 + value] + part[512 + value] + part[768 + value];
    }
}
