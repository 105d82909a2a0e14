using Plume.Models.Graph.Shapes;

namespace Plume.Models.Graph.Channels.Rules;

/// <summary>
/// What normalizations tie: parameters to channels. Where values of several channels are taken together, none can go.
/// </summary>
static class NormalizationChannels
{
    public static ChannelAxis[] Instance(ChannelWalk walk, NodeInputs inputs)
    {
        var axes = walk.Axes(inputs.Node.Inputs[0]);
        foreach (string parameter in inputs.Node.Inputs.Skip(1).Take(2))
            walk.Join(axes[1], walk.Axes(parameter)[0]);
        return axes;
    }

    public static ChannelAxis[] Layer(ChannelWalk walk, NodeInputs inputs)
    {
        var axes = walk.Axes(inputs.Node.Inputs[0]);
        return Keep(walk, inputs, axes.Skip(inputs.Axis(inputs.Node.Int("axis", -1), axes.Length)));
    }

    public static ChannelAxis[] AcrossChannels(ChannelWalk walk, NodeInputs inputs) =>
        Keep(walk, inputs, walk.Axes(inputs.Node.Inputs[0]).Skip(1).Take(1));

    public static ChannelAxis[] AlongAxis(ChannelWalk walk, NodeInputs inputs)
    {
        var axes = walk.Axes(inputs.Node.Inputs[0]);
        return Keep(walk, inputs, [axes[inputs.Axis(inputs.Node.Int("axis", -1), axes.Length)]]);
    }

    static ChannelAxis[] Keep(ChannelWalk walk, NodeInputs inputs, IEnumerable<ChannelAxis> axes)
    {
        string reason = $"they pass {inputs.Node}, which norms them together";
        walk.Freeze(axes, reason);
        foreach (string parameter in inputs.Node.Inputs.Skip(1).Where(parameter => parameter.Length > 0))
            walk.Freeze(walk.Axes(parameter), reason);
        return walk.Axes(inputs.Node.Inputs[0]);
    }
}
