using Plume.Models.Graph.Shapes;
using Plume.Models.Graph.Shapes.Rules;

namespace Plume.Models.Graph.Channels.Rules;

/// <summary>Where channels are after a reshape: in runs of dimensions with equal products, before and after.</summary>
static class ReshapeChannels
{
    /// <summary>A reshape that follows the lengths of its input: Flatten, Squeeze, Unsqueeze.</summary>
    public static ChannelAxis[] Flow(ChannelWalk walk, NodeInputs inputs)
    {
        var axes = walk.Axes(inputs.Node.Inputs[0]);
        var after = walk.Shape(inputs.Node.Outputs[0]);
        if (Runs(inputs.Shape(0), after) is not { } runs)
            return walk.Stop(inputs, $"they pass {inputs.Node}, whose shape is known only at run time");
        var output = ChannelWalk.Fixed(after.Count, $"they meet a dimension of {inputs.Node} that holds no channels");
        foreach (var (from, to) in runs)
            Carry(walk, inputs, (axes, from), (output, to));
        return output;
    }

    /// <summary>A reshape to given lengths. Those that are numbers of channels must be written anew when channels go.</summary>
    public static ChannelAxis[] Reshape(ChannelWalk walk, NodeInputs inputs)
    {
        var output = Flow(walk, inputs);
        if (inputs.Numbers(1) is not { } lengths)
            return walk.Stop(inputs, $"they pass {inputs.Node}, whose new shape is computed");
        bool zeroCopies = inputs.Node.Int("allowzero", 0) == 0;
        bool Copies(int axis) => zeroCopies && lengths[axis] == 0;
        bool IsLiteral(int axis) => output[axis].Pinned is null && lengths[axis].Symbol is null && lengths[axis].Value > 0;
        var axes = walk.Axes(inputs.Node.Inputs[0]);
        bool Follows(int axis) =>
            axes[axis] == output[axis] || inputs.Shape(0)[axis] == 1
                || (axes[axis].Pinned is not null && output[axis].Pinned is not null);
        var all = Enumerable.Range(0, output.Length);
        bool follows = all.All(axis => !Copies(axis) || Follows(axis));
        if (follows && !all.Any(IsLiteral))
            return output;
        if (follows && ReshapeRule.Literals(inputs, lengths, zeroCopies) is { } target)
            walk.Refills.Add(new(inputs.Node, target, [.. output.Select((axis, index) => IsLiteral(index) ? axis : null)]));
        else
            walk.Freeze([.. axes, .. output], $"they pass {inputs.Node}, whose new shape is computed");
        return output;
    }

    static void Carry(ChannelWalk walk, NodeInputs inputs, (ChannelAxis[] Axes, Range Run) from,
        (ChannelAxis[] Axes, Range Run) to)
    {
        var before = inputs.Shape(0).Take(from.Run).ToArray();
        var after = walk.Shape(inputs.Node.Outputs[0]).Take(to.Run).ToArray();
        int[] sources = [.. Enumerable.Range(from.Run.Start.Value, before.Length).Where((_, index) => before[index] != 1)];
        int[] targets = [.. Enumerable.Range(to.Run.Start.Value, after.Length).Where((_, index) => after[index] != 1)];
        // Of two kinds of channels that become one dimension, the more numerous stay channels.
        int[] channels = [.. sources.Where(axis => walk.CanLose(from.Axes[axis]))
            .OrderByDescending(axis => inputs.Shape(0)[axis].Length)];
        if (sources.Length == 1 && targets.Length == 1)
        {
            to.Axes[targets[0]] = from.Axes[sources[0]];
            return;
        }

        bool merges = channels.Length > 0 && targets.Length == 1;
        if (merges)
            to.Axes[targets[0]] = Merge([.. sources.Select(axis => inputs.Shape(0)[axis].Length)],
                Array.IndexOf(sources, channels[0]), from.Axes[channels[0]]);
        walk.Freeze(
            channels.Skip(merges ? 1 : 0).Select(axis => from.Axes[axis]),
            $"they pass {inputs.Node}, which "
                + $"{(merges ? "makes one dimension of them and of others" : "spreads them over several dimensions")}");
    }

    // Row-major: the index along the merged axis tells the channel once what varies faster is divided out.
    static ChannelAxis Merge(long[] lengths, int channel, ChannelAxis axis)
    {
        int faster = (int)lengths[(channel + 1)..].Aggregate(1L, (product, length) => product * length);
        int all = (int)lengths.Aggregate(1L, (product, length) => product * length);
        int[] places = new int[all];
        for (int index = 0; index < all; index++)
            places[index] = axis.Places[index / faster % axis.Places.Length];
        return ChannelAxis.Of(places);
    }

    /// <summary>Runs of dimensions that hold the same values before and after, or null where a symbol is in the way.</summary>
    static List<(Range From, Range To)>? Runs(IReadOnlyList<Dimension> before, IReadOnlyList<Dimension> after)
    {
        var runs = new List<(Range, Range)>();
        int from = 0, to = 0;
        while (from < before.Count || to < after.Count)
        {
            int firstFrom = from, firstTo = to;
            long left = 1, right = 1;
            if (from < before.Count && to < after.Count && !before[from].IsFixed && after[to] != 1)
            {
                if (before[from++] != after[to++] || before[from - 1].Name!.Length == 0)
                    return null;
                runs.Add((firstFrom..from, firstTo..to));
                continue;
            }

            do
            {
                bool takesLeft = left < right
                    || (left == right && (to == after.Count || (from < before.Count && before[from] == 1)));
                var shape = takesLeft ? before : after;
                int at = takesLeft ? from++ : to++;
                if (at >= shape.Count || !shape[at].IsFixed || shape[at] == 0)
                    return null;
                (left, right) = takesLeft ? (left * shape[at].Length, right) : (left, right * shape[at].Length);
            }
            while (left != right);
            runs.Add((firstFrom..from, firstTo..to));
        }

        return runs;
    }
}
