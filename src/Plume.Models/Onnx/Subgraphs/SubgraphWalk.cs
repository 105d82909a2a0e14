using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;
using Kind = Plume.Models.Onnx.Messages.AttributeProto.Types.AttributeType;

namespace Plume.Models.Onnx.Subgraphs;

/// <summary>The model's names for tensors of subgraphs.</summary>
/// <remarks>
/// Messages are equal by what is in them, and are changed while they are read: only the very object tells which graph it is.
/// </remarks>
sealed class TensorNames
{
    readonly Dictionary<GraphProto, Dictionary<string, string>> names = new(ReferenceEqualityComparer.Instance);

    /// <summary>Notes the name of a value that a graph holds as a tensor.</summary>
    public void Add(GraphProto owner, string value, string name)
    {
        if (!names.TryGetValue(owner, out var own))
            names.Add(owner, own = new(StringComparer.Ordinal));
        own.TryAdd(value, name);
    }

    /// <summary>The model's name where the value is such a tensor, else the value's own.</summary>
    public string Find(GraphProto owner, string value) => names.TryGetValue(owner, out var own)
        ? own.GetValueOrDefault(value, value) : value;
}

/// <summary>Tells what the nodes of a subgraph read, from the model's own values inward; used once.</summary>
sealed class SubgraphWalk(TensorNames names)
{
    // The graphs that one stands in, innermost last.
    readonly List<(GraphProto Graph, HashSet<string> Values)> around = [];

    /// <summary>All nodes, also of graphs inside, without attributes.</summary>
    public List<Node> Nodes { get; } = [];

    /// <summary>Values of the model that are read.</summary>
    public HashSet<string> Captures { get; } = new(StringComparer.Ordinal);

    /// <summary>Names of values that stand inside, at any depth.</summary>
    public HashSet<string> Inner { get; } = new(StringComparer.Ordinal);

    /// <summary>Walks along a graph and those inside of it.</summary>
    public void Along(GraphProto graph)
    {
        var own = OwnValues(graph).ToHashSet(StringComparer.Ordinal);
        Inner.UnionWith(own);
        around.Add((graph, own));
        foreach (var node in graph.Node)
        {
            string domain = NodeReader.DomainOf(node.Domain);
            Nodes.Add(new Node(node.Name, domain.Length == 0 ? node.OpType
                : $"{domain}.{node.OpType}", [.. node.Input.Select(Resolve)], [.. node.Output]));
            foreach (var inner in GraphsOf(node))
                Along(inner);
        }

        foreach (var output in graph.Output)
            Resolve(output.Name);
        around.RemoveAt(around.Count - 1);
    }

    /// <summary>The values that a graph gives names to: its inputs, its tensors, and what its nodes write.</summary>
    public static IEnumerable<string> OwnValues(GraphProto graph) => graph.Input.Select(input => input.Name)
        .Concat(graph.Initializer.Select(tensor => tensor.Name))
        .Concat(graph.Node.SelectMany(node => node.Output)).Where(name => name.Length > 0);

    /// <summary>The graphs in a node's attributes.</summary>
    public static IEnumerable<GraphProto> GraphsOf(NodeProto node) =>
        node.Attribute.Where(attribute => attribute is { Type: Kind.Graph, G: not null }).Select(attribute => attribute.G);

    string Resolve(string name)
    {
        if (name.Length == 0)
            return name;
        for (int depth = around.Count - 1; depth >= 0; depth--)
        {
            if (around[depth].Values.Contains(name))
                return names.Find(around[depth].Graph, name);
        }

        Captures.Add(name);
        return name;
    }
}
