using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Plume.Compression.Kernels;

/// <summary>
/// What tells how costly a number of symbols is to code: how many they are, how many are not zero, and the sum of their distances
/// from it.
/// </summary>
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

    /// <summary>What it costs to say which are marked, so many of so many.</summary>
    public static long CostOf(long marked, long all)
    {
        if (marked >= all)
            return 0;
        int share = (int)Math.Clamp(marked * Information.Whole / all, 1, Information.Whole - 1);
        return marked * Information.OfShare(share) + (all - marked) * Information.OfShare(Information.Whole - share);
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
            sums += Avx512BW.IsSupported ? Avx512BW.SumAbsoluteDifferences(some, zeros).AsUInt64()
                : SumOfEights(Vector512.Max(some, zeros) - Vector512.Min(some, zeros));
        }

        sum = (long)Vector512.Sum(sums);
        if (i < symbols.Length)
        {
            // The rest with zeros behind it, which count for nothing.
            Span<byte> last = stackalloc byte[Vector512<byte>.Count];
            last.Fill(zero);
            symbols[i..].CopyTo(last);
            var rest = Of(last, zero);
            (nonZeros, sum) = (nonZeros + rest.NonZeros, sum + rest.Sum);
        }

        return new Activity(symbols.Length, nonZeros, sum);
    }

    /// <summary>Adds each symbol's distance from zero to the sum in its place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddDistances(ReadOnlySpan<byte> symbols, byte zero, Span<int> sums)
    {
        sums = sums[..symbols.Length];
        ref byte source = ref MemoryMarshal.GetReference(symbols);
        ref int target = ref MemoryMarshal.GetReference(sums);
        int i = 0;
        for (; i + Vector128<byte>.Count <= symbols.Length; i += Vector128<byte>.Count)
        {
            var some = Vector128.LoadUnsafe(ref source, (nuint)i);
            var distances = Vector128.Max(some, Vector128.Create(zero)) - Vector128.Min(some, Vector128.Create(zero));
            var (low, high) = (Vector128.WidenLower(distances), Vector128.WidenUpper(distances));
            var wide = Vector512.Create(
                Vector256.Create(Vector128.WidenLower(low), Vector128.WidenUpper(low)),
                Vector256.Create(Vector128.WidenLower(high), Vector128.WidenUpper(high)));
            (Vector512.LoadUnsafe(ref target, (nuint)i) + wide.AsInt32()).StoreUnsafe(ref target, (nuint)i);
        }

        for (; i < symbols.Length; i++)
            sums[i] += Math.Abs(symbols[i] - zero);
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
