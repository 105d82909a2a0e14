using System.Numerics.Tensors;

namespace Plume.Compression.Codecs.Transform;

/// <summary>The difference from a reference that both ends hold: a model against its last published version.</summary>
/// <remarks>Error: two float roundings a value. Bytes: none; the reference does not travel.</remarks>
public sealed record Delta : TransformStage, INotated<Delta>
{
    static string INotated<Delta>.Word => "delta";

    /// <inheritdoc/>
    public override string Keyword => "delta";

    static Delta INotated<Delta>.Parse(StageArguments arguments) => new();

    internal override void Forward(Span<float> values, ReadOnlySpan<float> reference) =>
        TensorPrimitives.Subtract(values, reference, values);

    internal override void Inverse(Span<float> values, ReadOnlySpan<float> reference) =>
        TensorPrimitives.Add(values, reference, values);
}
