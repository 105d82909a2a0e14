using Plume.Compression.Codecs.Pipeline;

namespace Plume.Compression.Codecs.Select;

/// <summary>A stage that keeps some of the values.</summary>
public abstract record SelectStage : Stage
{
    private protected SelectStage()
    {
    }

    /// <inheritdoc/>
    public sealed override StageKind Kind => StageKind.Select;

    /// <summary>The stage's memory in one encoder.</summary>
    internal abstract BlockSelector CreateSelector();
}

/// <summary>Chooses which values of the blocks are coded.</summary>
abstract class BlockSelector
{
    /// <summary>Makes each block sparse, with the positions and values that it keeps.</summary>
    public abstract void Select(ReadOnlyMemory<float> values, Block[] blocks, ParallelLoop loop);
}
