using Plume.Models.Graph.Shapes;
using Plume.Models.Graph.Shapes.Rules;

namespace Plume.Models.Graph.Channels.Rules;

/// <summary>What operators tie that work on each channel for itself.</summary>
static class ElementwiseChannels
{
    public static ChannelAxis[] Broadcast(ChannelWalk walk, NodeInputs inputs)
    {
        string first = inputs.Node.Inputs[0];
        var (axes, shape) = (walk.Axes(first), walk.Shape(first));
        foreach (string other in inputs.Node.Inputs.Skip(1))
        {
            axes = Broadcast(walk, (axes, shape), (walk.Axes(other), walk.Shape(other)));
            shape = ElementwiseRules.Broadcast(inputs, shape, walk.Shape(other));
        }

        return axes;
    }

    /// <summary>Ties axes from the back; what has a length of 1 is stretched, and takes the axis of the other.</summary>
    public static ChannelAxis[] Broadcast(
        ChannelWalk walk, (ChannelAxis[] Axes, IReadOnlyList<Dimension> Shape) left,
        (ChannelAxis[] Axes, IReadOnlyList<Dimension> Shape) right)
    {
        var axes = new ChannelAxis[Math.Max(left.Axes.Length, right.Axes.Length)];
        for (int back = 1; back <= axes.Length; back++)
        {
            axes[^back] = back > left.Axes.Length ? right.Axes[^back]
                : back > right.Axes.Length ? left.Axes[^back]
                : left.Shape[^back] == 1 ? right.Axes[^back]
                : right.Shape[^back] == 1 ? left.Axes[^back]
                : walk.Join(left.Axes[^back], right.Axes[^back]);
        }

        return axes;
    }

    public static ChannelAxis[] BatchNormalization(ChannelWalk walk, NodeInputs inputs)
    {
        var axes = walk.Axes(inputs.Node.Inputs[0]);
        foreach (string parameter in inputs.Node.Inputs.Skip(1).Take(4))
            walk.Join(axes[1], walk.Axes(parameter)[0]);
        return axes;
    }

    /// <summary>Quantizations, whose scales (and zero points) may be one for each channel.</summary>
    public static ChannelAxis[] Quantize(ChannelWalk walk, NodeInputs inputs)
    {
        var axes = walk.Axes(inputs.Node.Inputs[0]);
        foreach (string scale in inputs.Node.Inputs.Skip(1)
            .Where(scale => scale.Length > 0 && walk.Shape(scale) is [{ Length: > 1 }]))
            walk.Join(axes[inputs.Axis(inputs.Node.Int("axis", 1), axes.Length)], walk.Axes(scale)[0]);
        return axes;
    }

    public static ChannelAxis[] Pool(ChannelWalk walk, NodeInputs inputs)
    {
        var axes = walk.Axes(inputs.Node.Inputs[0]);
        string reason = $"they are positions that {inputs.Node} slides over";
        walk.Freeze(axes.Skip(2), reason);
        return [axes[0], axes[1], .. ChannelWalk.Fixed(axes.Length - 2, reason)];
    }

    public static ChannelAxis[] Softmax(ChannelWalk walk, NodeInputs inputs)
    {
        var axes = walk.Axes(inputs.Node.Inputs[0]);
        bool isSingle = walk.Graph.OpsetVersion >= 13;
        int axis = inputs.Axis(inputs.Node.Int("axis", isSingle ? -1 : 1), axes.Length);
        walk.Freeze(isSingle ? [axes[axis]] : axes.Skip(axis), $"they pass {inputs.Node}, which weighs each against the others");
        return axes;
    }
}
