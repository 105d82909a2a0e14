namespace Plume.Compression.Randomness;

/// <summary>Successive draws from one <see cref="RandomKey"/>, for code that draws in a loop.</summary>
public struct RandomDraws(RandomKey key)
{
    ulong position;

    /// <summary>64 uniform bits.</summary>
    public ulong NextBits() => key.Bits(position++);

    /// <summary>Uniform in [0, 1), a multiple of 2^-53.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, <paramref name="bound"/>), without modulo bias.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not positive.</exception>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        ulong limit = ulong.MaxValue - ulong.MaxValue % (ulong)bound;
        ulong bits;
        do
            bits = NextBits();
        while (bits >= limit);
        return (int)(bits % (ulong)bound);
    }

    /// <summary>Normal with mean 0 and variance 1, by the polar method (Marsaglia and Bray, 1964).</summary>
    public double NextNormal()
    {
        double x, y, square;
        do
        {
            x = 2 * NextDouble() - 1;
            y = 2 * NextDouble() - 1;
            square = x * x + y * y;
        }
        while (square is >= 1 or 0);
        return x * Math.Sqrt(-2 * Math.Log(square) / square);
    }

    /// <summary>Puts the items in a uniformly random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int last = items.Length - 1; last > 0; last--)
        {
            int other = NextInt(last + 1);
            (items[last], items[other]) = (items[other], items[last]);
        }
    }
}
