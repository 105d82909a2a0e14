using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Rounds;

namespace Plume.Simulation;

/// <summary>What each tensor of the model takes in a message, in all parts that have one of its name.</summary>
static class TensorBits
{
    /// <summary>Bits by tensor, in the order of the layout; empty where no updates travel, or nothing was sent.</summary>
    public static IReadOnlyList<long> Of(FederationPlan plan, ModelLayout layout, MessageShape shape, IReadOnlyList<long> bits)
    {
        if (!plan.Method.SendsUpdates)
            return [];
        var names = shape.Parts.SelectMany(part => part.Layout.Tensors).Select(tensor => tensor.Name);
        var sums = names.Zip(bits).GroupBy(entry => entry.First)
            .ToDictionary(tensor => tensor.Key, tensor => tensor.Sum(entry => entry.Second));
        return bits.Count == 0 ? [] : [.. layout.Tensors.Select(tensor => sums.GetValueOrDefault(tensor.Name))];
    }
}
