namespace Plume.Compression.Kernels;

/// <summary>How far apart in a row large values stand: features that a layer flattened come back every so many values.</summary>
static class Lags
{
    const int Sample = 1 << 14;

    /// <summary>The distance from 2 to 63 at which most values above a threshold have another such value; the first of equals.</summary>
    public static int Find(ReadOnlySpan<int> values, int threshold)
    {
        Span<int> hits = stackalloc int[LevelModel.MaxLag];
        hits.Clear();
        ulong window = 0;
        foreach (int value in values[..Math.Min(values.Length, Sample)])
        {
            if (Math.Abs(value) >= threshold)
            {
                for (ulong left = window; left != 0; left &= left - 1)
                    hits[System.Numerics.BitOperations.TrailingZeroCount(left)]++;
                window |= 1UL << 63;
            }

            window >>= 1;
        }

        return Best(hits);
    }

    // Bit 63 - d + ... of the window is the value d before: after one shift the last value stands at bit 62.
    static int Best(ReadOnlySpan<int> hits)
    {
        int best = 2;
        for (int lag = 3; lag < LevelModel.MaxLag; lag++)
        {
            if (hits[63 - lag] > hits[63 - best])
                best = lag;
        }

        return best;
    }
}
