using Plume.Models.Graph;
using Plume.Models.Quantize.Plan;

namespace Plume.Models.Quantize;

/// <summary>A layer whose weight is to be quantized.</summary>
/// <param name="Node">The Conv, Gemm or MatMul.</param>
/// <param name="Weight">Name of the weight.</param>
/// <param name="Bits">Bits of its levels.</param>
/// <param name="Axis">The weight's axis along which scales differ; null for one scale.</param>
public sealed record PlannedLayer(Node Node, string Weight, int Bits, int? Axis)
{
    /// <summary>
    /// The axis of output channels, also where there is one scale: a product over a batch of matrices has its columns last.
    /// </summary>
    public int ChannelAxis(Initializer weight) => Axis ?? weight.Shape.Count - 1;
}

/// <summary>An activation that is to be quantized.</summary>
/// <param name="Name">Name of the value.</param>
/// <param name="Bits">Bits of its levels.</param>
public sealed record PlannedValue(string Name, int Bits);

/// <summary>A layer that stays as it is.</summary>
/// <param name="Node">The layer.</param>
/// <param name="Reason">Why, as the end of a sentence.</param>
public sealed record SkippedLayer(Node Node, string Reason);

/// <summary>What of a graph is to be quantized: so much that ONNX Runtime can run the layers on integers, and no more.</summary>
/// <param name="Layers">The layers, in the order of the graph.</param>
/// <param name="Values">The activations, in the order in which they are written; these need a range.</param>
/// <param name="Skipped">Layers that stay as they are.</param>
public sealed record QuantizationPlan(IReadOnlyList<PlannedLayer> Layers, IReadOnlyList<PlannedValue> Values,
    IReadOnlyList<SkippedLayer> Skipped)
{
    /// <summary>The plan of a scheme for a graph. Fold normalizations first, or train with them and fold them later.</summary>
    /// <exception cref="ArgumentException">The scheme names a weight that no layer has.</exception>
    public static QuantizationPlan Of(ModelGraph graph, QuantizationScheme scheme)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(scheme);
        var (layers, skipped) = LayerPlan.Of(graph, scheme);
        return new(layers, scheme.ActivationBits is { } bits ? new ValuePlan(graph, scheme, layers).Choose(bits) : [], skipped);
    }
}
