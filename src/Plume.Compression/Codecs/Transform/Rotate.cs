using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels.Rotation;
using Plume.Compression.Lines;
using Plume.Compression.Randomness;

namespace Plume.Compression.Codecs.Transform;

/// <summary>
/// A random rotation of each block: values of any distribution come out close to normal ones of one variance, which few
/// bits describe well, and the error of those bits spreads evenly when the rotation is undone.
/// </summary>
/// <remarks>
/// Signs drawn from the payload's key, then a Walsh-Hadamard transform; blocks of no power of two are rotated in two
/// overlapping parts. Fine and exact tensors are left alone. After <c>randk</c> what was kept of each block is rotated. Both ends
/// need the same key, of which no two rounds or clients may share one: a rotation seen before lets errors of several clients add
/// up instead of averaging out. Error: float roundings, about 2^-22 of the block's root mean square. Bytes: none.
/// Source: Suresh et al., "Distributed Mean Estimation with Limited Communication", ICML 2017, arXiv:1611.00429. Differs
/// from it: no padding.
/// </remarks>
public sealed record Rotate : TransformStage, INotated<Rotate>
{
    static string INotated<Rotate>.Word => "rotate";

    /// <inheritdoc/>
    public override string Keyword => "rotate";

    internal override bool Mixes => true;

    static Rotate INotated<Rotate>.Parse(LineArguments arguments) => new();

    // All the energy of a block may come together in one value.
    internal override double LargestGrowth => MostGrowth;

    internal static readonly double MostGrowth = Math.Sqrt(BlockPlan.MaxLength);

    /// <summary>What a block's rotation draws from.</summary>
    internal static RandomKey KeyOf(BlockPlan block, RandomKey key) => key.Fold("rotate").Fold((ulong)block.Start);

    internal override Transformer CreateTransformer(CodecPlan plan) => new RotateTransformer();
}

sealed class RotateTransformer : Transformer
{
    public override void Forward(Memory<float> values, TransformContext context)
    {
        var blocks = context.Plan.Blocks;
        context.Loop.Run(blocks.Length, (values, blocks, context.Key), static (state, index, _) =>
        {
            var block = state.blocks[index];
            RandomRotation.Rotate(state.values.Span.Slice(block.Start, block.Length), Rotate.KeyOf(block, state.Key));
        });
    }

    public override void Inverse(Span<float> values, BlockPlan block, ReadOnlySpan<float> reference, RandomKey key) =>
        RandomRotation.Unrotate(values, Rotate.KeyOf(block, key));
}
