using Plume.Compression.Codecs.Code;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>The runs of blocks that a coder codes together, each in one piece of the payload.</summary>
sealed class Segments
{
    readonly Block[] blocks;
    readonly List<Range> ranges = [];

    public Segments(BlockCoder coder, Block[] blocks)
    {
        this.blocks = blocks;
        for (int first = 0; first < blocks.Length;)
        {
            int length = coder.SegmentLength(blocks, first);
            ranges.Add(first..(first + length));
            first += length;
        }

        Told = coder.KnowsItsEnd ? ranges.Count - 1 : ranges.Count;
    }

    public int Count => ranges.Count;

    /// <summary>Segments whose lengths are told; the last one may end where the payload does.</summary>
    public int Told { get; }

    public ReadOnlySpan<Block> this[int index] => blocks.AsSpan(ranges[index]);
}
