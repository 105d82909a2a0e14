using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Plume.Compression.Kernels;

/// <summary>Finds the few symbols that are not zero, 64 or 32 at a time.</summary>
static class NonZeros
{
    /// <summary>Room that <see cref="Collect"/> needs behind the last position and token.</summary>
    public const int Slack = 64;

    /// <summary>
    /// A non-zero coded alone costs a gap besides its symbol: worth it where seven of eight symbols need neither.
    /// </summary>
    public static bool AreFew(int count, int among) => count <= among / 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Count<T>(ReadOnlySpan<T> symbols, T zero) where T : unmanaged, IEquatable<T>
    {
        var zeros = Vector512.Create(zero);
        int found = 0, i = 0;
        for (; i + Vector512<T>.Count <= symbols.Length; i += Vector512<T>.Count)
            found += BitOperations.PopCount((~Vector512.Equals(Load(symbols, i), zeros)).ExtractMostSignificantBits());
        for (; i < symbols.Length; i++)
            found += symbols[i].Equals(zero) ? 0 : 1;
        return found;
    }

    /// <summary>Writes the positions of the symbols that are not zero.</summary>
    /// <param name="symbols">At most 65,536.</param>
    /// <param name="zero">What is passed over.</param>
    /// <param name="positions">As long as there are such symbols, and <see cref="Slack"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Collect<T>(ReadOnlySpan<T> symbols, T zero, Span<ushort> positions) where T : unmanaged, IEquatable<T>
    {
        var zeros = Vector512.Create(zero);
        int found = 0, i = 0;
        for (; i + Vector512<T>.Count <= symbols.Length; i += Vector512<T>.Count)
        {
            ulong members = (~Vector512.Equals(Load(symbols, i), zeros)).ExtractMostSignificantBits();
            if (members == 0)
                continue;
            if (Avx512Vbmi2.IsSupported)
                Compress(members, i, positions[found..]);
            else
                Walk(members, i, positions[found..]);
            found += BitOperations.PopCount(members);
        }

        for (; i < symbols.Length; i++)
        {
            if (!symbols[i].Equals(zero))
                positions[found++] = (ushort)i;
        }
    }

    static Vector512<T> Load<T>(ReadOnlySpan<T> symbols, int first) where T : unmanaged =>
        Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(symbols), (nuint)first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Compress(ulong members, int first, Span<ushort> positions)
    {
        ref ushort target = ref MemoryMarshal.GetReference(positions[..Slack]);
        var places = Vector512<ushort>.Indices + Vector512.Create((ushort)first);
        Compress(places, (uint)members).StoreUnsafe(ref target);
        if (members >> 32 != 0)
            Compress(places + Vector512.Create((ushort)32), (uint)(members >> 32))
                .StoreUnsafe(ref target, (nuint)BitOperations.PopCount((uint)members));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<ushort> Compress(Vector512<ushort> places, uint members)
    {
        // Lane j is a member where bit j is set: bits are tested against their own lane's, in two halves of 16.
        var bit = Vector512.Create(
            Vector256.Create((ushort)1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768));
        var halves = Vector512.Create(Vector256.Create((ushort)members), Vector256.Create((ushort)(members >> 16)));
        return Avx512Vbmi2.Compress(Vector512<ushort>.Zero, Vector512.Equals(halves & bit, bit), places);
    }

    static void Walk(ulong members, int first, Span<ushort> positions)
    {
        for (int found = 0; members != 0; members &= members - 1)
            positions[found++] = (ushort)(first + BitOperations.TrailingZeroCount(members));
    }
}
