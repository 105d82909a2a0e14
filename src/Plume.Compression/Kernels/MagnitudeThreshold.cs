using System.Runtime.CompilerServices;
using Plume.Compression.Codecs.Pipeline;

namespace Plume.Compression.Kernels;

/// <summary>
/// The magnitude that exactly k values reach, found by two passes over a histogram of float bits: magnitudes order as
/// their bit patterns do. Ties at the threshold are shared out in the order of the values.
/// </summary>
sealed class MagnitudeThreshold
{
    const int FineBits = 16;
    const uint MagnitudeMask = 0x7FFFFFFF;
    const int AllBuckets = -1;

    readonly int[] coarse = new int[1 << (31 - FineBits)];
    readonly int[] fine = new int[1 << FineBits];
    readonly List<int> tieBudget = [];
    uint threshold;

    /// <summary>Finds the threshold of the <paramref name="k"/> largest magnitudes, and sizes the blocks for what they keep.</summary>
    public void Find(ReadOnlyMemory<float> values, Memory<Block> blocks, int k, ParallelLoop loop)
    {
        Count(values, blocks, loop, coarse, AllBuckets);
        int above = Descend(coarse, k, out int bucket);
        Count(values, blocks, loop, fine, bucket);
        above += Descend(fine, k - above, out int last);
        threshold = ((uint)bucket << FineBits) | (uint)last;
        // Zeros are never kept: with fewer than k non-zeros the threshold falls to zero and takes none of them.
        ShareTies(values, blocks, loop, threshold == 0 ? 0 : k - above);
    }

    /// <summary>Writes a block's kept positions and values.</summary>
    public void Keep(ReadOnlySpan<float> values, Block block, int index)
    {
        var source = values.Slice(block.Plan.Start, block.Plan.Length);
        var positions = block.Positions;
        var kept = block.Kept;
        int count = 0;
        int tiesLeft = tieBudget[index];
        for (int position = 0; position < source.Length; position++)
        {
            uint magnitude = MagnitudeOf(source[position]);
            if (magnitude < threshold || (magnitude == threshold && tiesLeft-- <= 0))
                continue;
            positions[count] = (ushort)position;
            kept[count++] = source[position];
        }
    }

    void ShareTies(ReadOnlyMemory<float> values, Memory<Block> blocks, ParallelLoop loop, int ties)
    {
        tieBudget.Clear();
        for (int index = 0; index < blocks.Length; index++)
            tieBudget.Add(0);
        loop.Run(blocks.Length, (values, blocks, this), static (state, index) =>
        {
            int equal = 0, above = 0;
            foreach (float value in ValuesOf(state.values, state.blocks.Span[index]))
            {
                uint magnitude = MagnitudeOf(value);
                equal += magnitude == state.Item3.threshold ? 1 : 0;
                above += magnitude > state.Item3.threshold ? 1 : 0;
            }

            state.Item3.tieBudget[index] = equal;
            state.blocks.Span[index].MakeSparse(above);
        });
        for (int index = 0; index < blocks.Length; index++)
        {
            var block = blocks.Span[index];
            tieBudget[index] = Math.Min(tieBudget[index], ties);
            ties -= tieBudget[index];
            block.MakeSparse(block.Count + tieBudget[index]);
        }
    }

    // Whole numbers add up to the same counts whatever the order of the threads.
    static void Count(ReadOnlyMemory<float> values, Memory<Block> blocks, ParallelLoop loop, int[] histogram, int bucket)
    {
        Array.Clear(histogram);
        loop.Run(blocks.Length, (values, blocks, histogram, bucket, loop.IsSerial), static (state, index) =>
        {
            var (_, _, histogram, bucket, serial) = state;
            foreach (float value in ValuesOf(state.values, state.blocks.Span[index]))
            {
                uint magnitude = MagnitudeOf(value);
                if (bucket != AllBuckets && magnitude >> FineBits != (uint)bucket)
                    continue;
                ref int count = ref histogram[bucket == AllBuckets ? magnitude >> FineBits : magnitude & ((1 << FineBits) - 1)];
                if (serial)
                    count++;
                else
                    Interlocked.Increment(ref count);
            }
        });
    }

    // The bucket in which the k-th from the top lies, and how many lie above it.
    static int Descend(int[] histogram, int k, out int bucket)
    {
        int above = 0;
        for (bucket = histogram.Length - 1; bucket > 0 && above + histogram[bucket] < k; bucket--)
            above += histogram[bucket];
        return above;
    }

    static ReadOnlySpan<float> ValuesOf(ReadOnlyMemory<float> values, Block block) => values.Span.Slice(block.Plan.Start, block.Plan.Length);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint MagnitudeOf(float value) => BitConverter.SingleToUInt32Bits(value) & MagnitudeMask;
}
