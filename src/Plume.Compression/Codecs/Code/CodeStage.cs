using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Code;

/// <summary>A stage that turns symbols and positions into bytes.</summary>
public abstract record CodeStage : Stage
{
    private protected CodeStage()
    {
    }

    /// <inheritdoc/>
    public sealed override StageKind Kind => StageKind.Code;

    /// <summary>Whether symbols must be small integers.</summary>
    internal virtual bool NeedsQuantizer => false;

    /// <summary>The stage's memory in one encoder or decoder.</summary>
    internal abstract BlockCoder CreateCoder(CodecPlan plan);
}

/// <summary>
/// Codes blocks. What blocks share is learned, written and read once, before them; then segments, which are runs of one or
/// more blocks, may go to different threads.
/// </summary>
abstract class BlockCoder
{
    /// <summary>Which model for long runs codes segments, where the stage has one.</summary>
    public PayloadForm LongRuns { get; set; }

    /// <summary>Looks at a block's symbols.</summary>
    /// <returns>Whether <see cref="Prepare"/> must wait until all blocks were seen and <see cref="Learn"/> has drawn from
    /// them.</returns>
    public virtual bool Observe(Block block) => false;

    /// <summary>Draws from all blocks together what their preparation needs.</summary>
    public virtual void Learn(Block[] blocks)
    {
    }

    /// <summary>
    /// How strong the values of a block will be taken to be, judged by the symbols that they have; null where that makes no
    /// difference.
    /// </summary>
    public virtual Strengths? StrengthsOf(Block block) => null;

    /// <summary>Does a block's share of what <see cref="WriteTables"/> needs.</summary>
    public virtual void Prepare(Block block)
    {
    }

    /// <summary>Learns from all blocks and writes what the decoder must know before the first.</summary>
    public virtual void WriteTables(Block[] blocks, PayloadWriter output)
    {
    }

    /// <summary>Reads what <see cref="WriteTables"/> wrote.</summary>
    public virtual void ReadTables(ref PayloadReader input, Block[] blocks)
    {
    }

    /// <summary>
    /// Whether a segment that was cut short or continued is refused, so that the last one need not be told its length.
    /// </summary>
    public virtual bool KnowsItsEnd => true;

    /// <summary>Number of blocks, from that one on, that are coded together; it depends on their plans only.</summary>
    public virtual int SegmentLength(Block[] blocks, int first) => 1;

    /// <summary>Appends a segment's positions and symbols to the output of its first block.</summary>
    public virtual void EncodeSegment(ReadOnlySpan<Block> segment) => Encode(segment[0]);

    /// <summary>Fills a segment's positions and symbols; every byte must be used.</summary>
    public virtual void DecodeSegment(ReadOnlySpan<byte> input, ReadOnlySpan<Block> segment) => Decode(input, segment[0]);

    /// <summary>Appends one block's positions and symbols to its output.</summary>
    public abstract void Encode(Block block);

    /// <summary>Fills one block's positions and symbols; every byte must be used.</summary>
    public abstract void Decode(ReadOnlySpan<byte> input, Block block);
}
