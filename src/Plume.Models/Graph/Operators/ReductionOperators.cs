using Plume.Models.Graph.Channels.Rules;
using Plume.Models.Graph.Shapes.Rules;

namespace Plume.Models.Graph.Operators;

/// <summary>Operators that take values together along axes.</summary>
static class ReductionOperators
{
    static readonly string[] Kinds = ["Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp"];

    public static Operator[] All { get; } =
    [
        .. Kinds.Select(kind => new Operator($"Reduce{kind}", ReductionRules.Reduce) { Channels = ArrangementChannels.Reduce,
            Numbers = kind == "Prod" ? NumberRules.Product : null }),
        new("ArgMax", ReductionRules.Arg) { Channels = ArrangementChannels.Arg },
        new("ArgMin", ReductionRules.Arg) { Channels = ArrangementChannels.Arg },
    ];
}
