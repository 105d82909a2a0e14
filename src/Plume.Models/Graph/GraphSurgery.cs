namespace Plume.Models.Graph;

/// <summary>What changes to a graph have in common: who reads a value, names that are free, tensors that nobody reads.</summary>
static class GraphSurgery
{
    /// <summary>The same model with other insides; initializers that nothing reads are left out.</summary>
    public static ModelGraph With(this ModelGraph graph, IReadOnlyList<Node> nodes, IEnumerable<Initializer> initializers,
        int? opset = null)
    {
        var read = nodes.SelectMany(node => node.Reads).Concat(graph.Outputs.Select(output => output.Name))
            .ToHashSet(StringComparer.Ordinal);
        return graph.Replace(nodes, [.. initializers.Where(tensor => read.Contains(tensor.Name))], opset);
    }

    /// <summary>The same model without the nodes and initializers of which nothing reaches an output.</summary>
    public static ModelGraph WithoutUnread(this ModelGraph graph)
    {
        var read = graph.Outputs.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
        var kept = new List<Node>();
        foreach (var node in graph.Nodes.Reverse().Where(node => node.Outputs.Any(read.Contains)))
        {
            read.UnionWith(node.Reads);
            kept.Add(node);
        }

        kept.Reverse();
        return graph.With(kept, graph.Initializers);
    }

    /// <summary>The same model, which may use our own operators.</summary>
    public static ModelGraph WithPlumeOperators(this ModelGraph graph) =>
        graph.Replace(extensionOpsets: new Dictionary<string, int>(graph.ExtensionOpsets)
        {
            [FakeQuantizer.Domain] =
            FakeQuantizer.DomainVersion
        });

    /// <summary>The same model, which uses no operators of this domain.</summary>
    public static ModelGraph Without(this ModelGraph graph, string domain) =>
        graph.Replace(extensionOpsets: graph.ExtensionOpsets.Where(opset => opset.Key != domain)
            .ToDictionary(StringComparer.Ordinal));

    /// <summary>The nodes that read each value, once for each input slot.</summary>
    public static ILookup<string, Node> Readers(this ModelGraph graph) => graph.Nodes
        .SelectMany(node => node.Reads.Select(input => (input, node)))
        .ToLookup(read => read.input, read => read.node, StringComparer.Ordinal);

    /// <summary>The values that graphs inside of nodes read from around them, by these names.</summary>
    public static IEnumerable<string> Captures(this ModelGraph graph) =>
        graph.Nodes.SelectMany(node => node.Subgraphs).SelectMany(subgraph => subgraph.Captures);

    /// <summary>The initializer that holds floats under this name, or null.</summary>
    public static Initializer? FindFloats(this ModelGraph graph, string? name) =>
        name is not null && graph.FindInitializer(name) is { ElementType: ElementType.Float } tensor ? tensor : null;

    /// <summary>The node with other inputs.</summary>
    public static Node Reading(this Node node, Func<string, string> rename) => node with
    {
        Inputs = [.. node.Inputs.Select(input => input.Length > 0 ? rename(input) : input)],
    };
}
