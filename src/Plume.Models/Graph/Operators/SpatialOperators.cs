using Plume.Models.Graph.Channels.Rules;
using Plume.Models.Graph.Shapes.Rules;

namespace Plume.Models.Graph.Operators;

/// <summary>Operators over [batch, channels, lengths...] without weights.</summary>
static class SpatialOperators
{
    public static Operator[] All { get; } =
    [
        new("MaxPool", SpatialRules.Pool) { Channels = ElementwiseChannels.Pool, Quantization = QuantizationKind.Rearranging },
        new("AveragePool", SpatialRules.Pool) { Channels = ElementwiseChannels.Pool, Quantization = QuantizationKind.Integer },
        new("GlobalAveragePool", SpatialRules.GlobalPool) { Channels = ElementwiseChannels.Pool,
            Quantization = QuantizationKind.Integer },
        new("GlobalMaxPool", SpatialRules.GlobalPool) { Channels = ElementwiseChannels.Pool },
        new("Resize", ResizeRule.Resize) { Channels = StretchChannels.Resize },
        new("Upsample", ResizeRule.Resize) { Channels = StretchChannels.Resize },
        new("DepthToSpace", BlockRules.DepthToSpace),
        new("SpaceToDepth", BlockRules.SpaceToDepth),
    ];
}
