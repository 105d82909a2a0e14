using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Models.Graph;

namespace Plume.Models.Prune.Channels;

/// <summary>
/// Takes out of a graph the channels of which every learned value is zero: what it computes stays, to the order of sums.
/// </summary>
public static class DeadChannels
{
    /// <summary>
    /// The graph without them; null where there are none, or the graph has an operator along which channels cannot be followed.
    /// </summary>
    /// <remarks>
    /// Of channels that must go together one stays, so that no tensor is empty. Steps of a quantization need not be zero.
    /// </remarks>
    public static PrunedModel? Remove(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (!graph.ToWeights().Values.AsSpan().Contains(0f) || Follow(graph) is not { } groups)
            return null;
        var steps = graph.Weights.Tensors.Where(tensor => tensor.Role == TensorRole.Step).Select(tensor => tensor.Name)
            .ToHashSet(StringComparer.Ordinal);
        var values = new SliceSums(graph.ToWeights(), static value => value == 0 ? 0 : 1);
        bool[] dead = [.. groups.Groups.SelectMany(group => Dead(values.Of(group, slice => !steps.Contains(slice.Tensor))))];
        return dead.Contains(true) ? ChannelRemoval.From(groups, dead) : null;
    }

    static ChannelGroups? Follow(ModelGraph graph)
    {
        try
        {
            return ChannelGroups.Of(graph);
        }
        catch (InvalidPayloadException)
        {
            return null;
        }
    }

    static IEnumerable<bool> Dead(double[] living) => living.AsSpan().ContainsAnyExcept(0)
        ? living.Select(values => values == 0)
        : living.Select((_, channel) => channel > 0);
}
