using Plume.Compression.Weights;
using Plume.Models.Graph;
using Plume.Models.Prune.Channels;

namespace Plume.Models.Tests;

/// <summary>Makes channels that do nothing, and removes just these.</summary>
static class Dead
{
    /// <summary>Sets all that goes with every third channel to zero, but not a whole group.</summary>
    public static ModelGraph In(ModelGraph graph, out int channels)
    {
        var groups = ChannelGroups.Of(graph);
        var weights = graph.ToWeights();
        channels = 0;
        foreach (var group in groups.Groups)
        {
            for (int channel = 1; channel < group.Channels; channel += 3)
            {
                channels++;
                foreach (var slice in group.Slices)
                    Clear(weights, slice, channel);
            }
        }

        return graph.With(weights);
    }

    /// <summary>The model without its dead channels, which are so many.</summary>
    public static PrunedModel Remove(ModelGraph graph, int channels)
    {
        var pruned = DeadChannels.Remove(graph);
        Assert.NotNull(pruned);
        Assert.Equal(channels, pruned.Removed.Sum(group => group.Channels.Count));
        return pruned;
    }

    // A mean and a variance of zero are as they would be behind such a kernel; constants stay, they are no weights.
    static void Clear(ModelWeights weights, ChannelSlice slice, int channel)
    {
        if (weights.Layout.Tensors.FirstOrDefault(tensor => tensor.Name == slice.Tensor) is not { } tensor)
            return;
        int inner = tensor.Shape.Skip(slice.Axis + 1).Aggregate(1, (product, length) => product * length);
        var values = weights[tensor];
        for (int index = 0; index < values.Length; index++)
        {
            if (slice.Indices[channel].Contains(index / inner % tensor.Shape[slice.Axis]))
                values[index] = 0;
        }
    }
}
