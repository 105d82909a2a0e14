using Plume.Models.Graph.Channels.Rules;
using Plume.Models.Graph.Shapes.Rules;

namespace Plume.Models.Graph.Operators;

/// <summary>Operators that give back all values in another order or shape.</summary>
static class ArrangementOperators
{
    public static Operator[] All { get; } =
    [
        new("Flatten", ArrangementRules.Flatten) { Channels = ReshapeChannels.Flow, Quantization = QuantizationKind.Rearranging },
        new("Reshape", ReshapeRule.Reshape) { Channels = ReshapeChannels.Reshape, Quantization = QuantizationKind.Rearranging,
            HandsOn = true, Numbers = NumberRules.Passed },
        new("Transpose", ArrangementRules.Transpose) { Channels = ArrangementChannels.Transpose,
            Quantization = QuantizationKind.Rearranging, HandsOn = true },
        new("Squeeze", ArrangementRules.Squeeze) { Channels = ReshapeChannels.Flow, Quantization = QuantizationKind.Rearranging,
            Numbers = NumberRules.Passed },
        new("Unsqueeze", ArrangementRules.Unsqueeze)
        {
            Channels = ReshapeChannels.Flow,
            Quantization = QuantizationKind.Rearranging,
            HandsOn = true,
            Numbers = NumberRules.Passed,
        },
        new("Concat", ArrangementRules.Concat) { HandsOn = true, Channels = ArrangementChannels.Concat,
            Quantization = QuantizationKind.Integer, Numbers = NumberRules.Concat },
        new("Expand", StretchRules.Expand) { Channels = StretchChannels.Expand, Numbers = NumberRules.Spread },
        new("Tile", StretchRules.Tile) { Channels = StretchChannels.SameLength },
        new("Pad", StretchRules.Pad) { Channels = StretchChannels.Pad },
    ];
}
