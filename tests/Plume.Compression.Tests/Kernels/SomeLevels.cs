using Plume.Compression.Randomness;

namespace Plume.Compression.Tests.Kernels;

/// <summary>Levels that models of them are tried on.</summary>
static class SomeLevels
{
    /// <summary>Levels of either sign about zero, some of them large.</summary>
    public static int[] Of(int length, double spread)
    {
        var draws = new RandomDraws(Some.Key(7));
        var levels = new int[length];
        for (int i = 0; i < levels.Length; i++)
        {
            // Whole numbers and one multiplication: the input must be the same everywhere too.
            int draw = draws.NextInt(1000) - draws.NextInt(1000);
            levels[i] = (int)(draw * spread * (i % 11 == 0 ? 3 : 1) / 500);
        }

        return levels;
    }

    /// <summary>A long run of one source, of whose levels one in so many need not be zero, and its entropy in bits.</summary>
    public static (int[] Levels, double Entropy) OfOneSource(int scarcity)
    {
        var draws = new RandomDraws(Some.Key(9));
        int[] levels = new int[1 << 18], counts = new int[7];
        foreach (ref int level in levels.AsSpan())
        {
            level = draws.NextInt(scarcity) == 0 ? draws.NextInt(4) - draws.NextInt(4) : 0;
            counts[level + 3]++;
        }

        return (levels, counts.Where(count => count > 0).Sum(count => count * Math.Log2((double)levels.Length / count)));
    }
}
