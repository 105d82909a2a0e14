namespace Plume.Compression.Kernels.RansCoding;

/// <summary>
/// Weights to frequencies that add up to 4096. Doubles are added and multiplied one by one in a fixed order, so that every
/// machine finds the same.
/// </summary>
static class Shares
{
    const int Total = FrequencyTable.Total;

    /// <summary>Scales weights so that they add up to 4096; each that is not zero becomes at least 1.</summary>
    public static void Normalize(ReadOnlySpan<double> weights, Span<ushort> frequency)
    {
        frequency.Clear();
        // Most alphabets are used around the middle only.
        int first = 0, end = weights.Length;
        while (first < end && weights[first] == 0)
            first++;
        while (end > first && weights[end - 1] == 0)
            end--;
        if (first == end)
        {
            frequency[0] = Total;
            return;
        }

        double sum = 0;
        for (int token = first; token < end; token++)
            sum += weights[token];
        double scale = Total / sum;
        int total = 0;
        for (int token = first; token < end; token++)
        {
            if (weights[token] == 0)
                continue;
            double scaled = weights[token] * scale;
            frequency[token] = (ushort)Math.Max(1, (int)(scaled + 0.5));
            total += frequency[token];
        }

        // Rounding leaves little over: the most frequent tokens bear it at the least cost.
        while (total != Total)
        {
            int most = first + MostFrequent(frequency[first..end]);
            int change = total < Total ? Total - total : Math.Max(Total - total, -Math.Max(1, frequency[most] / 8));
            frequency[most] = (ushort)(frequency[most] + change);
            total += change;
        }
    }

    public static int MostFrequent(ReadOnlySpan<ushort> frequency)
    {
        int most = 0;
        for (int token = 1; token < frequency.Length; token++)
        {
            if (frequency[token] > frequency[most])
                most = token;
        }

        return most;
    }

    /// <summary>What tokens so often cost with these frequencies, in units of <see cref="Information"/>.</summary>
    public static long CostOf(ReadOnlySpan<int> counts, ReadOnlySpan<ushort> frequency)
    {
        long cost = 0;
        for (int token = 0; token < frequency.Length; token++)
            cost += (long)counts[token] * Information.OfShare(frequency[token]);
        return cost;
    }

    /// <summary>What tokens so often cost with the frequencies that suit them best.</summary>
    public static long LeastCost(ReadOnlySpan<int> counts)
    {
        Span<double> weights = stackalloc double[256];
        Span<ushort> frequency = stackalloc ushort[256];
        int size = counts.LastIndexOfAnyExcept(0) + 1;
        for (int token = 0; token < size; token++)
            weights[token] = counts[token];
        Normalize(weights[..size], frequency[..Math.Max(1, size)]);
        return CostOf(counts, frequency[..size]);
    }
}
