using static Plume.Compression.Weights.TensorRole;

namespace Plume.Models.Graph.Operators;

/// <summary>Recurrent layers: their weights are known, so that they can be coded; they are not run or pruned here.</summary>
static class RecurrentOperators
{
    public static Operator[] All { get; } =
        [.. new[] { "RNN", "GRU",
            "LSTM" }.Select(name => new Operator(name, Shape: null) { Roles = Roles.Of(null, Weight, Weight, Bias) })];
}
