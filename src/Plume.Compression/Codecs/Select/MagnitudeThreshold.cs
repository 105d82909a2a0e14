using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels;

namespace Plume.Compression.Codecs.Select;

/// <summary>
/// The magnitude that exactly k values reach. A sample guesses it from below; one pass over the values gathers the few
/// that reach the guess; among those it is found exactly, so the guess decides the speed and never the result. Ties at
/// the threshold are shared out in the order of the values.
/// </summary>
sealed class MagnitudeThreshold
{
    const int SampleLength = 1 << 14;
    const int FineBits = 16;

    /// <summary>So few candidates are sorted for less than it takes to clear a histogram.</summary>
    const int FewCandidates = 1 << 13;

    readonly uint[] sample = new uint[SampleLength];
    readonly int[] coarse = new int[1 << (31 - FineBits)];
    readonly int[] fine = new int[1 << FineBits];

    /// <summary>
    /// Makes the blocks sparse, with the <paramref name="k"/> values of largest magnitude, or all that are not zero if those are
    /// fewer.
    /// </summary>
    public void Keep(ReadOnlyMemory<float> values, Memory<Block> blocks, int k, ParallelLoop loop, Scratch[] scratches)
    {
        uint guess = Guess(values.Span, blocks.Span, k);
        int found = Gather(values, blocks, guess, loop, scratches);
        if (found < k && guess > 1)
            found = Gather(values, blocks, guess: 1, loop, scratches);
        if (found > k)
            Narrow(blocks, found <= FewCandidates ? Among(blocks.Span, found, k) : Among(blocks.Span, k), loop);
    }

    // So low that fewer than k values reach it once in tens of thousands of models, and so high that few more do.
    uint Guess(ReadOnlySpan<float> values, ReadOnlySpan<Block> blocks, int k)
    {
        long total = 0;
        foreach (var block in blocks)
            total += block.Plan.Length;
        double expected = (double)SampleLength * k / Math.Max(1, total);
        int rank = (int)Math.Ceiling(expected + 4 * Math.Sqrt(expected) + 4);
        if (total < 2 * SampleLength || rank >= SampleLength)
            return 1;
        Sample(values, blocks, total);
        Array.Sort(sample);
        return Math.Max(1, sample[SampleLength - rank]);
    }

    void Sample(ReadOnlySpan<float> values, ReadOnlySpan<Block> blocks, long total)
    {
        int index = 0;
        long before = 0;
        for (int i = 0; i < SampleLength; i++)
        {
            long place = i * total / SampleLength;
            while (place - before >= blocks[index].Plan.Length)
                before += blocks[index++].Plan.Length;
            sample[i] = Magnitudes.BitsOf(values[blocks[index].Plan.Start + (int)(place - before)]);
        }
    }

    static int Gather(ReadOnlyMemory<float> values, Memory<Block> blocks, uint guess, ParallelLoop loop, Scratch[] scratches)
    {
        loop.Run(blocks.Length, (values, blocks, guess, scratches), static (state, index, worker) =>
            state.blocks.Span[index].KeepAtLeast(state.values.Span, state.guess, state.scratches[worker]));
        int found = 0;
        foreach (var block in blocks.Span)
            found += block.Count;
        return found;
    }

    // The threshold among few candidates, and how many of those equal to it are kept.
    (uint Threshold, int Ties) Among(ReadOnlySpan<Block> blocks, int found, int k)
    {
        var bits = sample.AsSpan(0, found);
        int next = 0;
        foreach (var block in blocks)
        {
            foreach (float value in block.Kept)
                bits[next++] = Magnitudes.BitsOf(value);
        }

        bits.Sort();
        uint threshold = bits[found - k];
        int above = found - 1 - bits.LastIndexOf(threshold);
        return (threshold, k - above);
    }

    // Among many, by two passes over a histogram of their bits.
    (uint Threshold, int Ties) Among(ReadOnlySpan<Block> blocks, int k)
    {
        Array.Clear(coarse);
        foreach (var block in blocks)
        {
            foreach (float value in block.Kept)
                coarse[Magnitudes.BitsOf(value) >> FineBits]++;
        }

        int above = Descend(coarse, k, out int bucket);
        Array.Clear(fine);
        foreach (var block in blocks)
        {
            foreach (float value in block.Kept)
            {
                uint bits = Magnitudes.BitsOf(value);
                if (bits >> FineBits == (uint)bucket)
                    fine[bits & ((1 << FineBits) - 1)]++;
            }
        }

        above += Descend(fine, k - above, out int last);
        return (((uint)bucket << FineBits) | (uint)last, k - above);
    }

    // Ties are kept from the first block on.
    static void Narrow(Memory<Block> blocks, (uint Threshold, int Ties) keep, ParallelLoop loop)
    {
        int ties = keep.Ties;
        foreach (var block in blocks.Span)
        {
            block.TiesLeft = ties;
            ties -= Math.Min(ties, CountEqual(block.Kept, keep.Threshold));
        }

        loop.Run(blocks.Length, (blocks, keep.Threshold),
            static (state, index, _) => Narrow(state.blocks.Span[index], state.Threshold));
    }

    static void Narrow(Block block, uint threshold)
    {
        var positions = block.Positions;
        var kept = block.Kept;
        int count = 0, ties = block.TiesLeft;
        for (int i = 0; i < kept.Length; i++)
        {
            uint bits = Magnitudes.BitsOf(kept[i]);
            if (bits < threshold || (bits == threshold && ties-- <= 0))
                continue;
            positions[count] = positions[i];
            kept[count++] = kept[i];
        }

        block.MakeSparse(count);
    }

    static int CountEqual(ReadOnlySpan<float> values, uint threshold)
    {
        int equal = 0;
        foreach (float value in values)
            equal += Magnitudes.BitsOf(value) == threshold ? 1 : 0;
        return equal;
    }

    // The bucket in which the k-th from the top lies, and how many lie above it.
    static int Descend(int[] histogram, int k, out int bucket)
    {
        int above = 0;
        for (bucket = histogram.Length - 1; bucket > 0 && above + histogram[bucket] < k; bucket--)
            above += histogram[bucket];
        return above;
    }
}
