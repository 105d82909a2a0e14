using Plume.Models.Graph.Channels.Rules;
using Plume.Models.Graph.Shapes.Rules;

using static Plume.Compression.Weights.TensorRole;

namespace Plume.Models.Graph.Operators;

/// <summary>Quantizations of values and weights.</summary>
static class QuantizationOperators
{
    public static Operator[] All { get; } =
    [
        new("QuantizeLinear", ElementwiseRules.Unchanged) { Channels = ElementwiseChannels.Quantize, HandsOn = true },
        new("DequantizeLinear", ElementwiseRules.Unchanged) { Channels = ElementwiseChannels.Quantize, HandsOn = true },
        new(FakeQuantizer.OpType, QuantizationRules.FakeQuantize) { Channels = ElementwiseChannels.Quantize, HandsOn = true,
            Roles = Roles.Of(null, Step) },
    ];
}
