using Plume.Compression.Wire;
using Plume.Models.Graph.Shapes;
using Plume.Models.Graph.Shapes.Rules;

namespace Plume.Models.Graph.Rewrites;

/// <summary>
/// Writes new shapes that a graph computes as constants where they follow from constants and shapes, and leaves out what nothing
/// reads any more: PyTorch's <c>x.view(x.size(0), -1)</c> becomes a Reshape to [0, -1].
/// </summary>
public static class Folded
{
    /// <summary>
    /// The same function with fewer nodes; the graph itself where nothing can be folded, or where its shapes cannot be told.
    /// </summary>
    public static ModelGraph Of(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var nodes = new List<Node>();
        var added = new List<Initializer>();
        var names = new FreeNames(graph);
        try
        {
            var known = KnownValues.Of(graph);
            foreach (var node in graph.Nodes)
            {
                known.Add(node);
                nodes.Add(node.OpType == "Reshape" && node.Input(1) is { } shape && graph.FindConstant(shape) is null
                    ? Literal(new NodeInputs(node, known), names, added) : node);
            }
        }
        catch (InvalidPayloadException)
        {
            return graph;
        }

        return added.Count == 0 ? graph : Live(graph, nodes, added);
    }

    static Node Literal(NodeInputs inputs, FreeNames names, List<Initializer> added)
    {
        if (inputs.Numbers(1) is not { } lengths
            || ReshapeRule.Literals(inputs, lengths, inputs.Node.Int("allowzero", 0) == 0) is not { } literals)
            return inputs.Node;
        string name = names.Take($"{inputs.Node.Outputs[0]}.shape");
        added.Add(Initializer.Of(name, [literals.Length], literals));
        return inputs.Node with { Inputs = [inputs.Node.Inputs[0], name] };
    }

    static ModelGraph Live(ModelGraph graph, List<Node> nodes, List<Initializer> added)
    {
        var read = graph.Outputs.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
        var live = new List<Node>();
        foreach (var node in Enumerable.Reverse(nodes).Where(node => node.Outputs.Any(read.Contains)))
        {
            live.Add(node);
            read.UnionWith(node.Reads);
        }

        live.Reverse();
        return graph.Replace(live, [.. graph.Initializers.Where(tensor => read.Contains(tensor.Name)), .. added]);
    }
}
