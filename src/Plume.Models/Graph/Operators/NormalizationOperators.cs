using Plume.Models.Graph.Channels.Rules;
using Plume.Models.Graph.Shapes.Rules;

using static Plume.Compression.Weights.TensorRole;

namespace Plume.Models.Graph.Operators;

/// <summary>Normalizations, and softmaxes, which normalize too.</summary>
static class NormalizationOperators
{
    public static Operator[] All { get; } =
    [
        new("BatchNormalization", SpatialRules.BatchNormalization)
        {
            Channels = ElementwiseChannels.BatchNormalization,
            Quantization = QuantizationKind.Attached,
            Roles = Roles.Of(null, Normalization, Normalization, Statistic, Statistic),
            Further = static (inputs, _, _) => inputs.Shape(1),
        },
        new("InstanceNormalization", NormalizationRules.Instance)
        {
            Channels = NormalizationChannels.Instance,
            Roles = Roles.Of(null, Normalization, Normalization),
        },
        new("LayerNormalization", NormalizationRules.Layer)
        {
            Channels = NormalizationChannels.Layer,
            Roles = Roles.Of(null, Normalization, Normalization),
            Further = NormalizationRules.LayerStatistic,
        },
        new("GroupNormalization", NormalizationRules.Group)
        {
            Channels = NormalizationChannels.AcrossChannels,
            Roles = Roles.Of(null, Normalization, Normalization),
        },
        new("LRN", ElementwiseRules.Unchanged) { Channels = NormalizationChannels.AcrossChannels },
        new("LpNormalization", ElementwiseRules.Unchanged) { Channels = NormalizationChannels.AlongAxis },
        new("Softmax", ElementwiseRules.Unchanged) { Channels = ElementwiseChannels.Softmax, IsAnswer = true },
        new("LogSoftmax", ElementwiseRules.Unchanged) { Channels = ElementwiseChannels.Softmax, IsAnswer = true },
    ];
}
