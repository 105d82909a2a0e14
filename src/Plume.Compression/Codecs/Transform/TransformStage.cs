using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Transform;

/// <summary>A stage that rewrites the values in place and can undo it, as far as it is to be undone.</summary>
public abstract record TransformStage : Stage
{
    private protected TransformStage()
    {
    }

    /// <inheritdoc/>
    public sealed override StageKind Kind => StageKind.Transform;

    /// <summary>
    /// Whether undoing it makes other values of a block differ from zero, so that a sparse block becomes dense.
    /// </summary>
    internal virtual bool Mixes => false;

    /// <summary>Times that the largest magnitude of a block grows at most when the transform is undone.</summary>
    internal virtual double LargestGrowth => 1;

    /// <summary>Refuses what the stage cannot do before that quantizer.</summary>
    internal virtual void CheckBefore(Quantize.QuantizeStage? quantizer, string codec)
    {
    }

    /// <summary>The stage's memory in one encoder or decoder.</summary>
    internal abstract Transformer CreateTransformer(CodecPlan plan);
}

/// <summary>A transform at work.</summary>
abstract class Transformer
{
    /// <summary>Largest magnitude that undoing it adds to a value, known once it was read.</summary>
    public virtual double LargestAdded => 0;

    /// <summary>Values of the whole model to what the next stage sees.</summary>
    public abstract void Forward(Memory<float> values, TransformContext context);

    /// <summary>Writes what the receiver needs to undo it.</summary>
    public virtual void Write(PayloadWriter output)
    {
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidPayloadException">It breaks a rule.</exception>
    public virtual void Read(ref PayloadReader input)
    {
    }

    /// <summary>How many of those bytes are about a tensor, by its number among the coded ones.</summary>
    public virtual int BytesOf(int tensorIndex) => 0;

    /// <summary>What the next stage gave back of one block, to the block's values.</summary>
    /// <param name="values">The block's values.</param>
    /// <param name="block">Which block it is.</param>
    /// <param name="reference">What both ends hold, of the whole model; empty where the codec needs none.</param>
    /// <param name="key">The payload's key.</param>
    public abstract void Inverse(Span<float> values, BlockPlan block, ReadOnlySpan<float> reference, RandomKey key);

    /// <summary>The same for a fine tensor. Exact ones are as they were sent.</summary>
    /// <param name="values">The tensor's values.</param>
    /// <param name="offset">Where they begin in the model.</param>
    /// <param name="reference">What both ends hold.</param>
    public virtual void InverseFine(Span<float> values, int offset, ReadOnlySpan<float> reference)
    {
    }
}

/// <summary>What a transform may need besides the values.</summary>
/// <param name="Reference">What both ends hold, of the whole model; empty where the codec needs none.</param>
/// <param name="Key">The payload's key.</param>
/// <param name="Plan">Which tensors are coded, in which blocks, and which are fine or exact.</param>
/// <param name="Loop">Runs work on blocks.</param>
/// <param name="IsRepeated">Whether the values are those of the call before, in a search for the step.</param>
readonly record struct TransformContext(ReadOnlyMemory<float> Reference, RandomKey Key, CodecPlan Plan, ParallelLoop Loop,
    bool IsRepeated);
