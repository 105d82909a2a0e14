using Plume.Models.Graph.Channels.Rules;
using Plume.Models.Graph.Shapes.Rules;

using static Plume.Compression.Weights.TensorRole;

namespace Plume.Models.Graph.Operators;

/// <summary>Products with a weight.</summary>
static class ProductOperators
{
    public static Operator[] All { get; } =
    [
        new("Conv", SpatialRules.Conv)
        {
            Channels = ProductChannels.Conv,
            Quantization = QuantizationKind.Layer,
            Roles = Roles.Of(null, Weight, Bias),
            Cost = (node, shapes) => (shapes[node.Inputs[1]].Skip(1), shapes[node.Outputs[0]]),
        },
        new("ConvTranspose", SpatialRules.ConvTranspose)
        {
            Channels = ProductChannels.ConvTranspose,
            Roles = Roles.Of(null, Weight, Bias),
            Cost = (node, shapes) => (shapes[node.Inputs[1]].Skip(1), shapes[node.Inputs[0]]),
        },
        new("Gemm", ProductRules.Gemm)
        {
            Channels = ProductChannels.Gemm,
            Quantization = QuantizationKind.Layer,
            Roles = Roles.Of(null, Weight, Bias),
            Cost = (node, shapes) => ([shapes[node.Inputs[0]][node.Int("transA", 0) != 0 ? 0 : 1]], shapes[node.Outputs[0]]),
        },
        new("MatMul", ProductRules.MatMul)
        {
            Channels = ProductChannels.MatMul,
            Quantization = QuantizationKind.Layer,
            Roles = Roles.Of(Weight, Weight),
            Cost = (node, shapes) => ([shapes[node.Inputs[0]][^1]], shapes[node.Outputs[0]]),
        },
    ];
}
