using Plume.Compression.Weights.Formats;
using Plume.Models.Graph;
using Plume.Models.Graph.Channels;

namespace Plume.Models.Prune.Channels;

/// <summary>Makes the graph without some of its channels.</summary>
static class ChannelRemoval
{
    /// <param name="groups">The channels of the graph.</param>
    /// <param name="removed">For each channel, counted through the groups, whether it goes.</param>
    public static PrunedModel From(ChannelGroups groups, bool[] removed)
    {
        var graph = groups.Graph;
        var cuts = Cuts(groups, removed);
        bool Stays(int place) => groups.NumberOf(place) is var channel && (channel < 0 || !removed[channel]);
        var byTensor = cuts.ToLookup(cut => cut.Tensor, StringComparer.Ordinal);
        var tensors = graph.Initializers.Select(tensor => byTensor.Contains(tensor.Name) ? Cut(tensor, byTensor[tensor.Name])
            : tensor).ToList();
        var nodes = Rewrite(groups.Walk, Stays, tensors);
        var read = nodes.SelectMany(node => node.Reads).Concat(graph.Outputs.Select(output => output.Name))
            .ToHashSet(StringComparer.Ordinal);
        var unread = groups.Walk.Refills.Select(refill => refill.Node.Inputs[1]).Where(name => !read.Contains(name))
            .ToHashSet(StringComparer.Ordinal);
        var smaller = graph.Replace(nodes, [.. tensors.Where(tensor => !unread.Contains(tensor.Name))]);
        return new(smaller, [.. Removed(groups, removed)], cuts);
    }

    /// <summary>What is left of each tensor that becomes smaller.</summary>
    public static TensorCut[] Cuts(ChannelGroups groups, bool[] removed) => [.. groups.Axes
        .Select(entry => (Length: entry.Places.Length,
            Cut: new TensorCut(entry.Tensor.Name, entry.Axis,
                [.. Indices(entry.Places, place => groups.NumberOf(place) is var channel
                    && (channel < 0 || !removed[channel]))])))
        .Where(entry => entry.Cut.Kept.Count < entry.Length).Select(entry => entry.Cut)];

    static IEnumerable<RemovedChannels> Removed(ChannelGroups groups, bool[] removed)
    {
        int first = 0;
        foreach (var group in groups.Groups)
        {
            int start = first;
            yield return new(group, [.. Enumerable.Range(0, group.Channels).Where(channel => removed[start + channel])]);
            first += group.Channels;
        }
    }

    static Initializer Cut(Initializer tensor, IEnumerable<TensorCut> cuts)
    {
        var kept = cuts.ToDictionary(cut => cut.Axis, cut => cut.Kept);
        var bytes = TensorCutter.Cut(tensor.Data.Span, [.. tensor.Shape, tensor.ElementType.Size()], kept);
        int[] shape = [.. tensor.Shape.Select((length, axis) => kept.TryGetValue(axis, out var indices) ? indices.Count
            : length)];
        return new(tensor.Name, tensor.ElementType, shape, bytes.ToArray());
    }

    // Numbers of channels also stand in depthwise convolutions, as groups, and in the new shapes of reshapes.
    static List<Node> Rewrite(ChannelWalk walk, Func<int, bool> stays, List<Initializer> tensors)
    {
        var groups = walk.Depthwise.ToDictionary(entry => entry.Node.Outputs[0], entry => entry.Data, StringComparer.Ordinal);
        var refills = walk.Refills.ToDictionary(entry => entry.Node.Outputs[0], StringComparer.Ordinal);
        var nodes = new List<Node>();
        var names = new FreeNames(walk.Graph);
        foreach (var node in walk.Graph.Nodes)
        {
            if (groups.TryGetValue(node.Outputs[0], out var data))
                nodes.Add(node with
                {
                    Attributes =
                    new Dictionary<string, AttributeValue>(node.Attributes) { ["group"] = data.Places.LongCount(stays) }
                });
            else if (refills.TryGetValue(node.Outputs[0], out var refill)
                && refill.Axes.Any(axis => axis is not null && !axis.Places.All(stays)))
                nodes.Add(Refill(refill, stays, names.Take($"{node.Outputs[0]}.shape"), tensors));
            else
                nodes.Add(node);
        }

        return nodes;
    }

    static Node Refill(Refill refill, Func<int, bool> stays, string name, List<Initializer> tensors)
    {
        long[] lengths = [.. refill.Lengths.Select((length, axis) => refill.Axes[axis] is { } channels
            ? channels.Places.LongCount(stays) : length)];
        tensors.Add(Initializer.Of(name, [lengths.Length], lengths));
        return refill.Node with { Inputs = [refill.Node.Inputs[0], name] };
    }

    static IEnumerable<int> Indices(int[] places, Func<int, bool> stays) =>
        Enumerable.Range(0, places.Length).Where(index => stays(places[index]));
}
