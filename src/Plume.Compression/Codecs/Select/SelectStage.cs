using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Select;

/// <summary>How a receiver learns which values a select kept.</summary>
enum PositionCoding
{
    /// <summary>The code stage writes the gaps between them.</summary>
    Gaps,

    /// <summary>It knows them: from the random key, or from what both ends hold.</summary>
    Known,

    /// <summary>The select stage writes them itself, before what the code stage writes.</summary>
    Written,
}

/// <summary>A stage that keeps some of the values.</summary>
public abstract record SelectStage : Stage
{
    private protected SelectStage()
    {
    }

    /// <inheritdoc/>
    public sealed override StageKind Kind => StageKind.Select;

    /// <summary>Whether both ends need a reference model, from which they know what is kept.</summary>
    internal virtual bool UsesReference => false;

    /// <summary>Whether the mean over the random key of what arrives is the values.</summary>
    internal virtual bool IsUnbiased => false;

    /// <summary>Whether values that are not finite are among those kept, so that they are found there.</summary>
    internal virtual bool KeepsNotFinite => true;

    /// <summary>Whether both ends know which values are zero in any payload.</summary>
    internal virtual bool IsBinding => false;

    internal virtual PositionCoding Positions => PositionCoding.Gaps;

    /// <summary>Refuses what the stage cannot do once values were mixed with one another.</summary>
    internal virtual void CheckAfter(Transform.TransformStage mixing, string codec)
    {
    }

    /// <summary>The stage's memory in one encoder or decoder.</summary>
    internal abstract BlockSelector CreateSelector(CodecPlan plan);
}

/// <summary>Chooses which values of the blocks are coded.</summary>
abstract class BlockSelector
{
    /// <summary>Makes each block sparse, with the positions and values that it keeps.</summary>
    public abstract void Select(ReadOnlyMemory<float> values, Block[] blocks, SelectContext context);

    /// <summary>
    /// Makes each block sparse, with the positions that the sender kept; where they are <see cref="PositionCoding.Known"/>.
    /// </summary>
    public virtual void Locate(Block[] blocks, SelectContext context)
    {
    }

    /// <summary>Writes a block's positions; where they are <see cref="PositionCoding.Written"/>.</summary>
    public virtual void WritePositions(Block block, PayloadWriter output)
    {
    }

    /// <summary>Reads what <see cref="WritePositions"/> wrote into a block that has its count.</summary>
    /// <exception cref="InvalidPayloadException">A position breaks its rule.</exception>
    public virtual void ReadPositions(Block block, ref PayloadReader input)
    {
    }
}

/// <summary>What a select may need besides the values.</summary>
/// <param name="Reference">What both ends hold, of the whole model; empty where the codec needs none.</param>
/// <param name="Key">The payload's key.</param>
/// <param name="Loop">Runs work on blocks.</param>
/// <param name="Scratches">Memory of the loop's workers.</param>
readonly record struct SelectContext(ReadOnlyMemory<float> Reference, RandomKey Key, ParallelLoop Loop, Scratch[] Scratches);
