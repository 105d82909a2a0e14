using System.Numerics.Tensors;
using Plume.Compression.Weights;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>
/// A quarter of the step for scales and shifts of normalizations, between versions of a model by <c>auto</c>: one of them moves a
/// whole channel, for all samples alike, where what a step leaves out of weights averages out over their inputs.
/// </summary>
/// <remarks>
/// They are a hundredth of a model. With one step for all, a model with batch normalization fell deeper than by floats in rounds
/// of clients with unlike labels (docs/benchmarks.md). Bytes: two bits for each of them that moves.
/// </remarks>
sealed class FineNormalizations(CodecPlan plan)
{
    // A power of two, so that nothing is rounded.
    const float Parts = 4;

    readonly TensorSpec[] tensors = plan.FineNormalizations;

    /// <summary>Whether the payload at hand has them.</summary>
    public bool AreThere { get; set; } = plan.FineNormalizations.Length > 0;

    /// <summary>What is to be quantized.</summary>
    /// <param name="values">Of the whole layout, what transforms made of them.</param>
    public void Apply(Span<float> values)
    {
        foreach (var tensor in tensors)
            Multiply(values.Slice(tensor.Offset, tensor.Length), Parts);
    }

    /// <summary>What was quantized.</summary>
    /// <param name="values">Of a block.</param>
    /// <param name="block">The block.</param>
    public void Undo(Span<float> values, BlockPlan block)
    {
        if (AreThere && block.Tensor.Role == TensorRole.Normalization)
            Multiply(values, 1 / Parts);
    }

    static void Multiply(Span<float> values, float factor) => TensorPrimitives.Multiply(values, factor, values);
}
