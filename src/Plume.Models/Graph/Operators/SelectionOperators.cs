using Plume.Compression.Weights;
using Plume.Models.Graph.Channels.Rules;
using Plume.Models.Graph.Shapes.Rules;

namespace Plume.Models.Graph.Operators;

/// <summary>Operators that give back some of the values.</summary>
static class SelectionOperators
{
    public static Operator[] All { get; } =
    [
        new("Gather", ArrangementRules.Gather) { Channels = ArrangementChannels.Gather, Roles = Roles.Of(TensorRole.Weight),
            Numbers = NumberRules.Gather },
        new("Slice", SliceRule.Slice) { HandsOn = true, Channels = StretchChannels.SameLength, Numbers = NumberRules.Slice },
        new("Split", SplitRule.First) { Channels = StretchChannels.Split, Further = SplitRule.Further, GivesParts = true },
    ];
}
