using Plume.Compression.Weights;
using Plume.Models.Cost;
using Plume.Models.Graph;

namespace Plume.Models.Prune.Channels;

/// <summary>What a model is measured by.</summary>
public enum ChannelMeasure
{
    /// <summary>Learned values: what it takes to hold and to send.</summary>
    Parameters,

    /// <summary>Multiply-adds of a sample: what it takes to run.</summary>
    MultiplyAdds,
}

/// <summary>The cost of a graph without some of its channels, told without making that graph.</summary>
sealed class ChannelCost
{
    // Each entry is a product of lengths: the fixed ones multiplied, and the channel of each index along the others.
    readonly List<(long Fixed, int[][] Axes)> entries = [];

    ChannelCost()
    {
    }

    public static ChannelCost Of(ChannelGroups groups, ChannelMeasure measure)
    {
        var cost = new ChannelCost();
        if (measure == ChannelMeasure.Parameters)
            cost.AddTensors(groups);
        else
            cost.AddProducts(groups);
        return cost;
    }

    /// <summary>The measure without the removed channels.</summary>
    public long Without(bool[] removed)
    {
        long sum = 0;
        foreach (var (length, axes) in entries)
        {
            long product = length;
            foreach (int[] axis in axes)
                product *= Left(axis, removed);
            sum += product;
        }

        return sum;
    }

    static long Left(int[] channels, bool[] removed)
    {
        int left = 0;
        foreach (int channel in channels)
            left += channel < 0 || !removed[channel] ? 1 : 0;
        return left;
    }

    void AddTensors(ChannelGroups groups)
    {
        var axes = groups.Axes.ToLookup(entry => entry.Tensor.Name, entry => Numbers(groups, entry.Places),
            StringComparer.Ordinal);
        var scales = groups.Walk.Graph.Nodes.Where(node => node.OpType == FakeQuantizer.OpType).Select(node => node.Input(1))
            .ToHashSet();
        foreach (var tensor in groups.Walk.Graph.Weights.Tensors.Where(tensor => tensor.Role != TensorRole.Statistic
            && !scales.Contains(tensor.Name)))
            Add(tensor.Length, [.. axes[tensor.Name]]);
    }

    void AddProducts(ChannelGroups groups)
    {
        var axes = groups.Walk.Products.ToDictionary(
            product => product.Node.Outputs[0],
            product => product.Axes.Where(axis => axis.IsNumbered).Select(axis => Numbers(groups, axis.Places)).ToArray(),
            StringComparer.Ordinal);
        foreach (var node in GraphCost.Of(groups.Walk.Graph).Nodes.Where(node => node.MultiplyAdds > 0))
            Add(node.MultiplyAdds, axes.GetValueOrDefault(node.Node.Outputs[0]) ?? []);
    }

    void Add(long all, int[][] axes) =>
        entries.Add((all == 0 ? 0 : axes.Aggregate(all, (rest, axis) => rest / axis.Length), axes));

    static int[] Numbers(ChannelGroups groups, int[] places) => [.. places.Select(groups.NumberOf)];
}
