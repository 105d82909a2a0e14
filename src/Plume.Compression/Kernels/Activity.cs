using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Plume.Compression.Kernels;

/// <summary>What tells how costly a number of symbols is to code: how many they are, how many are not zero, and the sum of their distances from it.</summary>
readonly record struct Activity(long Count, long NonZeros, long Sum)
{
    public const int MaxLevel = 2 * 34;

    public static Activity operator +(Activity left, Activity right) =>
        new(left.Count + right.Count, left.NonZeros + right.NonZeros, left.Sum + right.Sum);

    /// <summary>The mean distance in half octaves, from 0 (nothing but zeros) up.</summary>
    public int Level
    {
        get
        {
            ulong mean = (ulong)((Sum << 16) / Math.Max(1, Count));
            if (mean < 2)
                return (int)mean;
            int octave = BitOperations.Log2(mean);
            return Math.Min(MaxLevel, 2 * octave + (int)((mean >> (octave - 1)) & 1));
        }
    }

    /// <summary>
    /// About what the symbols cost in units of <see cref="Information"/>: whether each is zero, the signs, and the
    /// distances as if each were rarer than the one before by the same ratio.
    /// </summary>
    public long Cost
    {
        get
        {
            if (NonZeros == 0)
                return 0;
            return CostOf(NonZeros, Count) + (NonZeros << Information.FractionBits) + CostOf(NonZeros, Sum);
        }
    }

    // So many of so many are marked.
    static long CostOf(long marked, long all)
    {
        if (marked >= all)
            return 0;
        int share = (int)Math.Clamp(marked * FrequencyTable.Total / all, 1, FrequencyTable.Total - 1);
        return marked * Information.OfShare(share) + (all - marked) * Information.OfShare(FrequencyTable.Total - share);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Activity Of(ReadOnlySpan<byte> symbols, byte zero)
    {
        var zeros = Vector512.Create(zero);
        var sums = Vector512<ulong>.Zero;
        long nonZeros = 0, sum = 0;
        int i = 0;
        for (; i + Vector512<byte>.Count <= symbols.Length; i += Vector512<byte>.Count)
        {
            var some = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(symbols), (nuint)i);
            nonZeros += BitOperations.PopCount((~Vector512.Equals(some, zeros)).ExtractMostSignificantBits());
            sums += Avx512BW.IsSupported ? Avx512BW.SumAbsoluteDifferences(some, zeros).AsUInt64() : SumOfEights(Vector512.Max(some, zeros) - Vector512.Min(some, zeros));
        }

        sum = (long)Vector512.Sum(sums);
        for (; i < symbols.Length; i++)
        {
            nonZeros += symbols[i] == zero ? 0 : 1;
            sum += Math.Abs(symbols[i] - zero);
        }

        return new Activity(symbols.Length, nonZeros, sum);
    }

    static Vector512<ulong> SumOfEights(Vector512<byte> bytes)
    {
        var pairs = Vector512.WidenLower(bytes) + Vector512.WidenUpper(bytes);
        var fours = Vector512.WidenLower(pairs) + Vector512.WidenUpper(pairs);
        return Vector512.WidenLower(fours) + Vector512.WidenUpper(fours);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Activity Of(ReadOnlySpan<ushort> symbols, ushort zero)
    {
        long nonZeros = 0, sum = 0;
        foreach (int symbol in symbols)
        {
            nonZeros += symbol == zero ? 0 : 1;
            sum += Math.Abs(symbol - zero);
        }

        return new Activity(symbols.Length, nonZeros, sum);
    }
}
