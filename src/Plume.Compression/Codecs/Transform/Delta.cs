using System.Numerics.Tensors;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels;
using Plume.Compression.Lines;
using Plume.Compression.Randomness;

namespace Plume.Compression.Codecs.Transform;

/// <summary>The difference from a reference that both ends hold: a model against its last published version.</summary>
/// <remarks>
/// Running statistics travel as they are, not as a difference. Error: two float roundings a value. Bytes: none; the
/// reference does not travel.
/// </remarks>
public sealed record Delta : TransformStage, INotated<Delta>
{
    static string INotated<Delta>.Word => "delta";

    /// <inheritdoc/>
    public override string Keyword => "delta";

    static Delta INotated<Delta>.Parse(LineArguments arguments) => new();

    internal override Transformer CreateTransformer(CodecPlan plan) => new DeltaTransformer();
}

sealed class DeltaTransformer : Transformer
{
    public override void Forward(Memory<float> values, TransformContext context)
    {
        foreach (var (tensor, treatment) in context.Plan.Treatments)
        {
            var slice = values.Span.Slice(tensor.Offset, tensor.Length);
            if (treatment != TensorTreatment.Exact)
                TensorPrimitives.Subtract(slice, context.Reference.Span.Slice(tensor.Offset, tensor.Length), slice);
        }
    }

    public override void Inverse(Span<float> values, BlockPlan block, ReadOnlySpan<float> reference, RandomKey key) =>
        InverseFine(values, block.Start, reference);

    public override void InverseFine(Span<float> values, int offset, ReadOnlySpan<float> reference) =>
        VectorSums.AddClamped(reference.Slice(offset, values.Length), values);
}
