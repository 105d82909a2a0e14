namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>
/// Finds the levels of a few values that together cost the least, in squared error and in bits, by Viterbi's algorithm: of all
/// sequences that end in a state only the best goes on.
/// </summary>
sealed class TrellisSearch
{
    /// <summary>Values that are looked at together.</summary>
    public const int Most = 64;

    /// <summary>Magnitudes that a value may have besides zero, one after another.</summary>
    public const int Magnitudes = 3;

    /// <summary>Levels that have a price, zero with them.</summary>
    public const int Levels = 1 + Magnitudes;

    // What a bit is worth, in 256ths of step^2: less than where values lie a whole step apart.
    const int Lambda = 13;

    readonly int[] chosen = new int[Most * Trellis.States];
    readonly byte[] from = new byte[Most * Trellis.States];
    long[] best = new long[Trellis.States], next = new long[Trellis.States];
    int count;

    /// <summary>Begins in a state.</summary>
    public void Begin(int state)
    {
        Array.Fill(best, long.MaxValue);
        best[state] = 0;
        count = 0;
    }

    /// <summary>Looks at one more value.</summary>
    /// <param name="value">In 256ths of a step.</param>
    /// <param name="costs">In 256ths of a bit, in even states and then in odd ones: of zero, of the steps that its magnitude has at
    /// least, and of those one and two above.</param>
    public void Add(int value, ReadOnlySpan<int> costs)
    {
        Array.Fill(next, long.MaxValue);
        int magnitude = Math.Abs(value), first = magnitude >> LevelModel.FractionBits;
        for (int state = 0; state < Trellis.States; state++)
        {
            if (best[state] == long.MaxValue)
                continue;
            int odd = state & 1, half = odd << (LevelModel.FractionBits - 1),
                lower = (magnitude + half) >> LevelModel.FractionBits;
            var prices = costs.Slice(odd * Levels, Levels);
            Try(state, 0, value, (long)magnitude * magnitude + (long)Lambda * prices[0]);
            if (value == 0)
                continue;
            for (int level = Math.Max(1, lower); level <= lower + 1; level++)
            {
                long error = magnitude - ((long)level << LevelModel.FractionBits) + half;
                Try(state, level, value, error * error + (long)Lambda * prices[1 + level - first]);
            }
        }

        (best, next) = (next, best);
        count++;
    }

    /// <summary>Gives the first of the levels that were found.</summary>
    /// <param name="levels">Receives as many as it has room for.</param>
    public void Take(Span<int> levels)
    {
        int at = 0;
        for (int other = 1; other < Trellis.States; other++)
            at = best[other] < best[at] ? other : at;
        for (int place = count - 1; place >= 0; place--)
        {
            if (place < levels.Length)
                levels[place] = chosen[place * Trellis.States + at];
            at = from[place * Trellis.States + at];
        }
    }

    void Try(int state, int level, int value, long cost)
    {
        int after = Trellis.After(state, level);
        cost += best[state];
        if (cost >= next[after])
            return;
        next[after] = cost;
        chosen[count * Trellis.States + after] = value < 0 ? -level : level;
        from[count * Trellis.States + after] = (byte)state;
    }
}
