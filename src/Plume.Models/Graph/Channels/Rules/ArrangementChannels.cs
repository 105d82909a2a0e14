using Plume.Models.Graph.Shapes;
using Plume.Models.Graph.Shapes.Rules;

namespace Plume.Models.Graph.Channels.Rules;

/// <summary>Where channels are after operators that rearrange values or take them together along an axis.</summary>
static class ArrangementChannels
{
    public static ChannelAxis[] Transpose(ChannelWalk walk, NodeInputs inputs)
    {
        var axes = walk.Axes(inputs.Node.Inputs[0]);
        long[] order = inputs.Node.Ints("perm",
            [.. Enumerable.Range(0, axes.Length).Select(axis => (long)(axes.Length - 1 - axis))]);
        return [.. order.Select(axis => axes[axis])];
    }

    public static ChannelAxis[] Concat(ChannelWalk walk, NodeInputs inputs)
    {
        var parts = inputs.Node.Inputs.Select(walk.Axes).ToArray();
        ChannelAxis[] output = [.. parts[0]];
        int joined = inputs.Axis(inputs.Node.Int("axis", 0), output.Length);
        foreach (var part in parts.Skip(1))
        {
            for (int axis = 0; axis < output.Length; axis++)
                output[axis] = axis == joined ? output[axis] : walk.Join(output[axis], part[axis]);
        }

        output[joined] = End(walk, inputs, [.. parts.Select(part => part[joined])], joined);
        return output;
    }

    public static ChannelAxis[] Reduce(ChannelWalk walk, NodeInputs inputs)
    {
        var axes = walk.Axes(inputs.Node.Inputs[0]);
        var reduced = ReductionRules.Axes(inputs, axes.Length);
        return Reduced(walk, inputs, axes, reduced.Contains);
    }

    public static ChannelAxis[] Arg(ChannelWalk walk, NodeInputs inputs)
    {
        var axes = walk.Axes(inputs.Node.Inputs[0]);
        int reduced = inputs.Axis(inputs.Node.Int("axis", 0), axes.Length);
        return Reduced(walk, inputs, axes, axis => axis == reduced);
    }

    static ChannelAxis[] Reduced(ChannelWalk walk, NodeInputs inputs, ChannelAxis[] axes, Func<int, bool> isReduced)
    {
        string reason = $"they pass {inputs.Node}, which takes them together";
        walk.Freeze(axes.Where((_, axis) => isReduced(axis)), reason);
        return inputs.Node.Int("keepdims", 1) != 0
            ? [.. axes.Select((axis, index) => isReduced(index) ? ChannelAxis.Fixed(reason) : axis)]
            : [.. axes.Where((_, axis) => !isReduced(axis))];
    }

    public static ChannelAxis[] Gather(ChannelWalk walk, NodeInputs inputs)
    {
        var axes = walk.Axes(inputs.Node.Inputs[0]);
        int axis = inputs.Axis(inputs.Node.Int("axis", 0), axes.Length);
        string reason = $"they are looked up by {inputs.Node}";
        walk.Freeze(axes[axis], reason);
        if (walk.IsConstant(inputs.Node.Inputs[0]))
        {
            foreach (int place in axes.Where(other => other.Pinned is null && other != axes[axis])
                .SelectMany(other => other.Places))
                walk.Places.Produce(place);
        }

        return [.. axes[..axis], .. ChannelWalk.Fixed(inputs.Shape(1).Count, reason), .. axes[(axis + 1)..]];
    }

    // What cannot go stands between what can, at places that are frozen.
    static ChannelAxis End(ChannelWalk walk, NodeInputs inputs, ChannelAxis[] parts, int axis)
    {
        if (parts.All(part => part.Pinned is not null))
            return parts[0];
        var lengths = inputs.Node.Inputs.Select(input => walk.Shape(input)[axis]).ToArray();
        if (lengths.All(length => length.IsFixed))
            return ChannelAxis.Of([.. parts.SelectMany((part, slot) => part.Pinned is null ? part.Places
                : Frozen(walk, part, (int)lengths[slot].Length))]);
        string reason = $"they pass {inputs.Node}, whose shape is known only at run time";
        walk.Freeze(parts, reason);
        return ChannelAxis.Fixed(reason);
    }

    static int[] Frozen(ChannelWalk walk, ChannelAxis part, int length)
    {
        int[] places = walk.Places.Add(length);
        foreach (int place in places)
            walk.Places.Freeze(place, part.Pinned!);
        return places;
    }
}
