using Plume.Models.Graph.Operators;
using Plume.Models.Graph.Shapes;

namespace Plume.Models.Graph.Channels;

/// <summary>A product, and the axes of its lengths from which channels may go.</summary>
readonly record struct Product(Node Node, ChannelAxis[] Axes);

/// <summary>A depthwise convolution, whose number of groups is the number of the channels it reads.</summary>
readonly record struct Depthwise(Node Node, ChannelAxis Data);

/// <summary>A Reshape to lengths of which some are numbers of channels: these have an axis, the others have none.</summary>
readonly record struct Refill(Node Node, long[] Lengths, ChannelAxis?[] Axes);

/// <summary>
/// Walks along a graph and joins the indices that must go together. The axes of a node's output hold the places of the
/// tensors that made them, so what an operator ties is said once, axis by axis.
/// </summary>
/// <remarks>
/// The question, though not the way, is that of Fang et al., "DepGraph: Towards Any Structural Pruning", CVPR 2023,
/// arXiv:2301.12900.
/// </remarks>
sealed class ChannelWalk
{
    readonly KnownValues known = new();
    readonly Dictionary<string, ChannelAxis[]> values = new(StringComparer.Ordinal);
    readonly HashSet<string> constants = new(StringComparer.Ordinal);

    ChannelWalk(ModelGraph graph) => Graph = graph;

    public ModelGraph Graph { get; }

    public Places Places { get; } = new();

    public List<Product> Products { get; } = [];

    public List<Depthwise> Depthwise { get; } = [];

    public List<Refill> Refills { get; } = [];

    /// <exception cref="Compression.Wire.InvalidPayloadException">The shapes cannot be inferred.</exception>
    public static ChannelWalk Along(ModelGraph graph)
    {
        var walk = new ChannelWalk(graph);
        foreach (var input in graph.Inputs)
        {
            walk.known.Add(input);
            walk.values[input.Name] = Fixed(input.Shape.Count, $"they are tied to the graph's input '{input.Name}'");
        }

        foreach (var tensor in graph.Initializers)
            walk.Add(tensor);
        foreach (var node in graph.Nodes)
            walk.Add(node);
        foreach (var output in graph.Outputs)
            walk.End(output.Name);
        return walk;
    }

    /// <summary>The axes of a value; those of a tensor are the same wherever it is read.</summary>
    public ChannelAxis[] Axes(string value) => values[value];

    /// <summary>True where the value follows from initializers alone.</summary>
    public bool IsConstant(string value) => constants.Contains(value);

    /// <summary>For each tensor that a product reads as its weight, the axis that is summed over.</summary>
    public Dictionary<string, int> InputAxes()
    {
        var found = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var tensor in Graph.Initializers)
        {
            int axis = Array.FindIndex(values[tensor.Name], axis => axis.IsNumbered && axis.Places.Any(Places.IsConsumed));
            if (axis >= 0)
                found.Add(tensor.Name, axis);
        }

        return found;
    }

    /// <summary>Ties two axes of the same length, index by index, and gives back the axis that both now are.</summary>
    public ChannelAxis Join(ChannelAxis left, ChannelAxis right)
    {
        if (left.Pinned is not null || right.Pinned is not null)
        {
            Freeze(left.Pinned is null ? left : right, (left.Pinned ?? right.Pinned)!);
            return left.Pinned is null ? right : left;
        }

        int[] first = left.Places, second = right.Places;
        if (!ReferenceEquals(first, second))
        {
            for (int index = 0; index < first.Length; index++)
                Places.Join(first[index], second[index]);
        }

        return left;
    }

    /// <summary>True where, as far as is known yet, something can be taken from the axis.</summary>
    public bool CanLose(ChannelAxis axis) => axis.Pinned is null && axis.Places.Any(place => Places.ReasonOf(place) is null);

    /// <summary>Nothing can be taken from these axes.</summary>
    public void Freeze(IEnumerable<ChannelAxis> axes, string reason)
    {
        foreach (var axis in axes)
            Freeze(axis, reason);
    }

    /// <summary>Nothing can be taken from this axis.</summary>
    public void Freeze(ChannelAxis axis, string reason)
    {
        if (axis.Pinned is not null)
            return;
        foreach (int place in axis.Places)
            Places.Freeze(place, reason);
    }

    /// <summary>Freezes all that a node reads; nothing can be taken from what it writes.</summary>
    public ChannelAxis[] Stop(NodeInputs inputs, string reason)
    {
        foreach (string input in inputs.Node.Inputs.Where(input => input.Length > 0))
            Freeze(values[input], reason);
        return Fixed(known.Shapes[inputs.Node.Outputs[0]].Count, reason);
    }

    /// <summary>The shape of a value.</summary>
    public IReadOnlyList<Dimension> Shape(string value) => known.Shapes[value];

    public static ChannelAxis[] Fixed(int count, string reason) => [.. Enumerable.Repeat(ChannelAxis.Fixed(reason), count)];

    // That it is an output is the reason to tell, whatever else there is.
    void End(string output)
    {
        foreach (int place in values[output].Where(axis => axis.Pinned is null).SelectMany(axis => axis.Places))
            Places.Freeze(place, $"they reach the graph's output '{output}'", isMain: true);
    }

    void Add(Initializer tensor)
    {
        known.Add(tensor);
        constants.Add(tensor.Name);
        // Integers of 64 bits are shapes, axes and indices.
        values[tensor.Name] = tensor.ElementType == ElementType.Int64
            ? Fixed(tensor.Shape.Count, $"they meet the integers '{tensor.Name}'")
            : [.. tensor.Shape.Select(length => ChannelAxis.Of(Places, length))];
    }

    void Add(Node node)
    {
        known.Add(node);
        if (node.Inputs.All(input => input.Length == 0 || constants.Contains(input)))
            constants.UnionWith(node.Outputs.Where(output => output.Length > 0));
        var inputs = new NodeInputs(node, known);
        var entry = Catalogue.Find(node);
        var axes = node.Outputs[0].Length == 0 ? Stop(inputs)
            : entry?.Channels is { } rule ? rule(this, inputs)
            : Stop(inputs, $"they pass {node}, an operator that channel pruning does not know");
        for (int slot = 0; slot < node.Outputs.Count; slot++)
        {
            string output = node.Outputs[slot];
            if (output.Length > 0)
                values[output] = slot == 0 || entry is { GivesParts: true } ? axes
                    : Fixed(known.Shapes[output].Count, $"they meet output {slot} of {node}");
        }
    }

    ChannelAxis[] Stop(NodeInputs inputs)
    {
        foreach (string input in inputs.Node.Inputs.Where(input => input.Length > 0))
            Freeze(values[input], $"they pass {inputs.Node}, whose first output is left out");
        return [];
    }
}
