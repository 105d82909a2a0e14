using Plume.Compression.Weights;

namespace Plume.Models.Prune.Connections;

/// <summary>Removes exactly so many of the weights with the lowest scores; of equal scores the later ones go.</summary>
static class LowestScores
{
    const int Digits = 1 << 16;

    /// <summary>Removes a share of the tensors' values, ranked as the scope says.</summary>
    /// <param name="scores">Not negative, one for each value of the model.</param>
    /// <param name="tensors">Those that lose values.</param>
    /// <param name="rate">The share that goes; the count is rounded to the nearest whole number, halves up.</param>
    /// <param name="scope">All tensors together, or each for itself.</param>
    /// <param name="kept">Where the removed values are marked.</param>
    public static void Remove(ReadOnlySpan<float> scores, TensorSpec[] tensors, double rate, ConnectionScope scope, bool[] kept)
    {
        if (scope == ConnectionScope.Global)
        {
            Remove(scores, tensors, CountOf(rate, tensors.Sum(tensor => (long)tensor.Length)), kept);
            return;
        }

        foreach (var tensor in tensors)
            Remove(scores, [tensor], CountOf(rate, tensor.Length), kept);
    }

    static long CountOf(double rate, long values) => (long)Math.Floor(rate * values + 0.5);

    // Scores that are not negative are ordered as their bits are, so two counts by digit find the last score that goes.
    static void Remove(ReadOnlySpan<float> scores, TensorSpec[] tensors, long count, bool[] kept)
    {
        if (count == 0)
            return;
        long[] histogram = new long[Digits];
        foreach (var tensor in tensors)
        {
            foreach (float score in scores.Slice(tensor.Offset, tensor.Length))
                histogram[BitsOf(score) >> 16]++;
        }

        uint high = DigitOf(histogram, count, out long below);
        Array.Clear(histogram);
        foreach (var tensor in tensors)
        {
            foreach (float score in scores.Slice(tensor.Offset, tensor.Length))
            {
                if (BitsOf(score) >> 16 == high)
                    histogram[BitsOf(score) & 0xFFFF]++;
            }
        }

        uint last = (high << 16) | DigitOf(histogram, count - below, out long belowLow);
        long equal = histogram[last & 0xFFFF], spared = equal - (count - below - belowLow);
        foreach (var tensor in tensors)
        {
            for (int index = tensor.Offset; index < tensor.Offset + tensor.Length; index++)
            {
                uint bits = BitsOf(scores[index]);
                if (bits < last || (bits == last && spared-- <= 0))
                    kept[index] = false;
            }
        }
    }

    static uint DigitOf(long[] histogram, long count, out long below)
    {
        below = 0;
        uint digit = 0;
        while (below + histogram[digit] < count)
            below += histogram[digit++];
        return digit;
    }

    // The sign is cleared, so that a negative zero is a zero and a weight's magnitude is its score.
    static uint BitsOf(float score) => BitConverter.SingleToUInt32Bits(score) & 0x7FFF_FFFF;
}
