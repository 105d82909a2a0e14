using Plume.Compression.Weights;
using Plume.Models.Graph;
using Plume.Models.Graph.Channels;

namespace Plume.Models.Prune.Channels;

/// <summary>Which channels of a graph must go together, and which cannot go.</summary>
/// <remarks>
/// A channel is all that stands and falls with one output of a product: its kernel, bias and normalization, what else is added
/// to it, and what reads it. Two channels are of one group where they lie in the same tensors.
/// The question is that of Fang et al., "DepGraph: Towards Any Structural Pruning", CVPR 2023, arXiv:2301.12900.
/// Differs from the paper in that single indices are joined, not layers: concatenations, runs behind a Flatten and groups of
/// a convolution need no case of their own.
/// </remarks>
public sealed class ChannelGroups
{
    readonly List<(Initializer Tensor, int Axis, int[] Places)> axes = [];
    readonly Dictionary<int, int> numbers = [];

    ChannelGroups(ChannelWalk walk, IReadOnlyCollection<string> leaveAlone)
    {
        Walk = walk;
        foreach (var tensor in walk.Graph.Initializers)
            AddAxes(tensor, leaveAlone.Contains(tensor.Name));
        Groups = [.. Join()];
        Unprunable = [.. axes.Where(entry => IsProducer(entry.Places)).SelectMany(Reasons), .. Unread()];
    }

    /// <summary>The groups, in the order of the tensors.</summary>
    public IReadOnlyList<ChannelGroup> Groups { get; }

    /// <summary>What cannot be pruned, with the reason.</summary>
    public IReadOnlyList<Unprunable> Unprunable { get; }

    /// <summary>The model.</summary>
    public ModelGraph Graph => Walk.Graph;

    internal ChannelWalk Walk { get; }

    /// <summary>The axes along which channels lie or could lie.</summary>
    internal IReadOnlyList<(Initializer Tensor, int Axis, int[] Places)> Axes => axes;

    /// <summary>Walks along a graph.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="leaveAlone">Names of tensors that must not change; null for none.</param>
    /// <exception cref="Compression.Wire.InvalidPayloadException">The shapes cannot be inferred: an operator is unknown, or does
    /// not fit its inputs.</exception>
    /// <exception cref="ArgumentException">A tensor to leave alone is not in the graph.</exception>
    public static ChannelGroups Of(ModelGraph graph, IReadOnlyCollection<string>? leaveAlone = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        foreach (string name in leaveAlone ?? [])
        {
            if (graph.FindInitializer(name) is null)
                throw new ArgumentException($"Model '{graph.Name}' has no tensor '{name}' to leave alone.", nameof(leaveAlone));
        }

        return new(ChannelWalk.Along(graph), leaveAlone ?? []);
    }

    /// <summary>The number of the channel that a place belongs to, counted through all groups; -1 where it stays.</summary>
    internal int NumberOf(int place) => numbers.GetValueOrDefault(Walk.Places.ChannelOf(place), -1);

    void AddAxes(Initializer tensor, bool isLeftAlone)
    {
        var shape = Walk.Axes(tensor.Name);
        for (int axis = 0; axis < shape.Length; axis++)
        {
            if (!shape[axis].IsNumbered)
                continue;
            if (isLeftAlone)
                Walk.Freeze(shape[axis], "the caller leaves it alone");
            else if (tensor.ElementType != ElementType.Float && IsProducer(shape[axis].Places))
                Walk.Freeze(shape[axis], "it holds no floats; prune before quantizing");
            axes.Add((tensor, axis, shape[axis].Places));
        }
    }

    IEnumerable<ChannelGroup> Join()
    {
        var places = Walk.Places;
        var members = new OrderedDictionary<int, List<(int Entry, int Index)>>();
        var producers = new HashSet<int>();
        for (int entry = 0; entry < axes.Count; entry++)
        {
            for (int index = 0; index < axes[entry].Places.Length; index++)
            {
                int place = axes[entry].Places[index], channel = places.ChannelOf(place);
                if (places.ReasonOf(channel) is not null)
                    continue;
                if (!members.TryGetValue(channel, out var list))
                    members.Add(channel, list = []);
                list.Add((entry, index));
                if (places.IsProduced(place))
                    producers.Add(channel);
            }
        }

        var groups = members.Where(member => producers.Contains(member.Key))
            .GroupBy(member => string.Join(',', member.Value.Select(place => place.Entry).Distinct()), StringComparer.Ordinal);
        foreach (var group in groups)
        {
            foreach (var (channel, _) in group)
                numbers.Add(channel, numbers.Count);
            yield return ToGroup([.. group.Select(member => member.Value)]);
        }
    }

    ChannelGroup ToGroup(List<(int Entry, int Index)>[] channels)
    {
        var slices = channels[0].Select(place => place.Entry).Distinct()
            .ToDictionary(entry => entry, _ => new List<IReadOnlyList<int>>());
        foreach (var channel in channels)
        {
            foreach (var places in channel.GroupBy(place => place.Entry, place => place.Index))
                slices[places.Key].Add([.. places]);
        }

        return new(channels.Length,
            [.. slices.Select(slice =>
                new ChannelSlice(axes[slice.Key].Tensor.Name, axes[slice.Key].Axis, UseOf(axes[slice.Key].Places),
                    slice.Value))]);
    }

    ChannelUse UseOf(int[] places) => IsProducer(places) ? ChannelUse.Produces
        : places.Any(Walk.Places.IsConsumed) ? ChannelUse.Consumes
        : ChannelUse.Accompanies;

    bool IsProducer(int[] places) => places.Any(Walk.Places.IsProduced);

    IEnumerable<Unprunable> Reasons((Initializer Tensor, int Axis, int[] Places) entry) => entry.Places
        .Select(Walk.Places.ReasonOf).OfType<string>().Distinct().Select(reason => new Unprunable(entry.Tensor.Name, reason));

    // A weight that no product reads as such: a recurrent layer's, or one that a graph makes of another.
    IEnumerable<Unprunable> Unread()
    {
        var produced = axes.Where(entry => IsProducer(entry.Places)).Select(entry => entry.Tensor.Name)
            .ToHashSet(StringComparer.Ordinal);
        return Walk.Graph.Weights.Tensors
            .Where(tensor => tensor.Role == TensorRole.Weight && !produced.Contains(tensor.Name))
            .Select(tensor => new Unprunable(
                tensor.Name,
                axes.Where(entry => entry.Tensor.Name == tensor.Name).SelectMany(entry => entry.Places)
                    .Select(Walk.Places.ReasonOf).FirstOrDefault(reason => reason is not null)
                    ?? "no product that channel pruning knows reads it"));
    }
}
