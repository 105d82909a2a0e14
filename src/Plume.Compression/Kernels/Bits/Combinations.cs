namespace Plume.Compression.Kernels.Bits;

/// <summary>
/// Sets of k of n places as numbers from 0: the set with places c1 below c2 below ... is C(c1, 1) + C(c2, 2) + ..., the
/// combinatorial number system.
/// </summary>
static class Combinations
{
    /// <summary>C(n, k), for n up to 16; 0 where k is above n.</summary>
    public static int Of(int n, int k)
    {
        int product = 1;
        for (int i = 1; i <= k; i++)
            product = product * (n - k + i) / i;
        return k > n ? 0 : product;
    }

    /// <summary>Bits that tell all sets apart.</summary>
    public static int BitsOf(int n, int k) => Of(n, k) is var count && count < 2 ? 0
        : System.Numerics.BitOperations.Log2((uint)(count - 1)) + 1;

    /// <summary>The number of a set of ascending places, counted from <paramref name="start"/>.</summary>
    public static int RankOf(ReadOnlySpan<ushort> places, int start)
    {
        int rank = 0;
        for (int i = 0; i < places.Length; i++)
            rank += Of(places[i] - start, i + 1);
        return rank;
    }

    /// <summary>Writes the places of the set of that number, which is below C(n, places).</summary>
    public static void Place(int rank, int start, int n, Span<ushort> places)
    {
        for (int i = places.Length; i > 0; i--)
        {
            while (Of(--n, i) > rank)
            {
            }

            places[i - 1] = (ushort)(start + n);
            rank -= Of(n, i);
        }
    }
}
