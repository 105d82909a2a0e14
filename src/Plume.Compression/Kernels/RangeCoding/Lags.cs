using Plume.Compression.Weights;

namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>How far apart in a row large values stand: features that a layer flattened come back every so many values.</summary>
static class Lags
{
    /// <summary>The shortest lag: nearer neighbours are context anyway.</summary>
    public const int Shortest = 2;

    const int Sample = 1 << 14;
    const int Bits = 6;

    /// <summary>
    /// The lag of a tensor's rows: a kernel's width, or of long rows what the encoder finds and the decoder reads.
    /// </summary>
    /// <param name="coder">One end of the wire.</param>
    /// <param name="tensor">Whose rows they are.</param>
    /// <param name="width">Values of a row.</param>
    /// <param name="values">Levels, or values in parts of a step; on the encoding side.</param>
    /// <param name="threshold">The magnitude from which a value counts as large.</param>
    public static int Code<TCoder>(ref TCoder coder, TensorSpec tensor, int width, ReadOnlySpan<int> values, int threshold)
        where TCoder : struct, ILevelCoder, allows ref struct
    {
        if (tensor.Shape.Count > 2 && tensor.Shape[^1] is > 1 and <= LevelModel.MaxLag)
            return tensor.Shape[^1];
        if (width < 2 * LevelModel.MaxLag)
            return Shortest;
        int found = TCoder.Encodes ? Find(values, threshold) : 0;
        return Math.Max(Shortest, (int)ILevelCoder.CodeNumber(ref coder, (uint)found, Bits));
    }

    /// <summary>
    /// The distance from 2 to 63 at which most values above a threshold have another such value; the first of equals.
    /// </summary>
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
