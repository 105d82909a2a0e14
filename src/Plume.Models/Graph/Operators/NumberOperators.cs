using Plume.Models.Graph.Channels;
using Plume.Models.Graph.Shapes.Rules;

namespace Plume.Models.Graph.Operators;

/// <summary>Operators that make values out of nothing but shapes and numbers.</summary>
static class NumberOperators
{
    public static Operator[] All { get; } =
    [
        new("Constant", ArrangementRules.Constant)
        {
            Channels = static (walk, inputs) =>
                ChannelWalk.Fixed(walk.Shape(inputs.Node.Outputs[0]).Count,
                    $"they meet {inputs.Node}, a constant that is no initializer"),
            Numbers = NumberRules.Constant,
        },
        new("Shape", static inputs => [NumberRules.Lengths(inputs).Length])
        {
            Channels = static (_, inputs) => ChannelWalk.Fixed(1, $"they meet {inputs.Node}"),
            Numbers = NumberRules.Lengths,
        },
        new("Size", static _ => [])
        {
            Channels = static (_, _) => [],
            Numbers = NumberRules.Count,
        },
        new("ConstantOfShape", FillRules.ConstantOfShape)
        {
            Channels = static (walk, inputs) =>
                ChannelWalk.Fixed(walk.Shape(inputs.Node.Outputs[0]).Count, $"they meet {inputs.Node}"),
            Numbers = FillRules.Filled,
        },
        new("Range", FillRules.Range)
        {
            Channels = static (_, inputs) => ChannelWalk.Fixed(1, $"they meet {inputs.Node}"),
            Numbers = FillRules.Counted,
        },
    ];
}
