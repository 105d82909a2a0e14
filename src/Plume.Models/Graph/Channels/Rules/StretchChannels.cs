using Plume.Models.Graph.Shapes;
using Plume.Models.Graph.Shapes.Rules;

namespace Plume.Models.Graph.Channels.Rules;

/// <summary>
/// Where channels are behind operators that repeat, cut or add values along some axes, and leave the others as they are.
/// </summary>
static class StretchChannels
{
    /// <summary>What keeps its length passes; the rest stays.</summary>
    public static ChannelAxis[] SameLength(ChannelWalk walk, NodeInputs inputs)
    {
        var before = inputs.Shape(0);
        var after = walk.Shape(inputs.Node.Outputs[0]);
        bool Reverses(int axis) => inputs.Node.OpType == "Slice" && SliceRule.Bounds(inputs, before.Count) is var bounds
            && Array.IndexOf(bounds.Axes, axis) is >= 0 and var index && bounds.Steps[index] < 0;
        return Pass(walk, inputs, axis => before[axis] == after[axis] && !Reverses(axis));
    }

    public static ChannelAxis[] Pad(ChannelWalk walk, NodeInputs inputs)
    {
        var (before, after) = StretchRules.Pads(inputs, inputs.Shape(0).Count);
        return Pass(walk, inputs, axis => before[axis] == 0 && after[axis] == 0);
    }

    /// <summary>
    /// Sizes would have to be written anew, so channels pass only what is resized by factors, or along axes of its own.
    /// </summary>
    public static ChannelAxis[] Resize(ChannelWalk walk, NodeInputs inputs)
    {
        int[] axes = ResizeRule.Axes(inputs, inputs.Shape(0).Count);
        float[] scales = ResizeRule.Scales(inputs) ?? [];
        return Pass(walk, inputs, axis => Array.IndexOf(axes, axis) is var index
            && (index < 0 || (index < scales.Length && scales[index] == 1)));
    }

    public static ChannelAxis[] Expand(ChannelWalk walk, NodeInputs inputs)
    {
        string reason = $"they pass {inputs.Node}, whose new shape names their number";
        var (axes, shape) = (walk.Axes(inputs.Node.Inputs[0]), inputs.Shape(0));
        var output = ChannelWalk.Fixed(walk.Shape(inputs.Node.Outputs[0]).Count, reason);
        for (int back = 1; back <= axes.Length; back++)
        {
            bool named = inputs.Numbers(1) is not { } lengths
                || (back <= lengths.Length && (lengths[^back].Symbol is not null || lengths[^back].Value != 1));
            if (named && shape[^back] != 1)
                walk.Freeze(axes[^back], reason);
            else if (!named)
                output[^back] = axes[^back];
        }

        return output;
    }

    /// <summary>
    /// The parts of an axis that nothing can be taken from; the other axes are those of the whole, in every part.
    /// </summary>
    public static ChannelAxis[] Split(ChannelWalk walk, NodeInputs inputs)
    {
        var axes = walk.Axes(inputs.Node.Inputs[0]);
        int split = inputs.Axis(inputs.Node.Int("axis", 0), axes.Length);
        return Pass(walk, inputs, axis => axis != split);
    }

    static ChannelAxis[] Pass(ChannelWalk walk, NodeInputs inputs, Func<int, bool> passes)
    {
        string reason = $"they pass {inputs.Node}, which changes their number";
        var axes = walk.Axes(inputs.Node.Inputs[0]);
        ChannelAxis[] output = [.. axes];
        for (int axis = 0; axis < axes.Length; axis++)
        {
            if (passes(axis))
                continue;
            walk.Freeze(axes[axis], reason);
            output[axis] = ChannelAxis.Fixed(reason);
        }

        return output;
    }
}
