using Plume.Compression.Wire;
using Plume.Models.Graph.Shapes;

namespace Plume.Models.Graph.Rewrites;

/// <summary>
/// Makes a batch that an exporter fixed at one a length known at run time: in inputs, outputs, and in the new shapes of Reshapes
/// that begin with it.
/// </summary>
public static class FreeBatch
{
    const string Batch = "N";

    /// <summary>The model for any batch.</summary>
    /// <param name="graph">A model whose inputs all have a batch of one.</param>
    /// <param name="problem">Why it cannot be, in words; null where it is, or where no batch is fixed at one.</param>
    /// <returns>The model for any batch; the graph itself where its batch is free already, or cannot be made so.</returns>
    public static ModelGraph Of(ModelGraph graph, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(graph);
        problem = null;
        if (graph.Inputs.Count == 0 || !graph.Inputs.All(input => input.Shape is [{ IsFixed: true, Length: 1 }, _, ..]))
            return graph;
        ValueInfo[] inputs = [.. graph.Inputs.Select(Freed)];
        try
        {
            var known = new KnownValues();
            foreach (var input in inputs)
                known.Add(input);
            foreach (var tensor in graph.Initializers)
                known.Add(tensor);
            var (nodes, added) = Rewrite(graph, known);
            var read = nodes.SelectMany(node => node.Reads).Concat(graph.Outputs.Select(output => output.Name))
                .ToHashSet(StringComparer.Ordinal);
            problem = graph.Outputs.Where(output => !Follows(known.Shapes[output.Name]))
                .Select(output => $"output '{output.Name}' would be [{string.Join(", ", known.Shapes[output.Name])}]")
                    .FirstOrDefault();
            return problem is not null ? graph
                : new ModelGraph(graph.Name, inputs, [.. graph.Outputs.Select(Freed)], nodes,
                    [.. graph.Initializers.Where(tensor => read.Contains(tensor.Name)), .. added], graph.OpsetVersion)
                {
                    ExtensionOpsets = graph.ExtensionOpsets,
                    Metadata = graph.Metadata,
                    Unread = graph.Unread,
                };
        }
        catch (InvalidPayloadException stopped)
        {
            problem = stopped.Message.TrimEnd('.');
            return graph;
        }
    }

    static (List<Node> Nodes, List<Initializer> Added) Rewrite(ModelGraph graph, KnownValues known)
    {
        var (nodes, added, names) = (new List<Node>(), new List<Initializer>(), new FreeNames(graph));
        foreach (var node in graph.Nodes)
        {
            var free = node;
            if (node.OpType == "Reshape" && node.Input(1) is { } target
                && graph.FindConstant(target) is { ElementType: ElementType.Int64, Length: > 0 } shape
                && shape.Ints[0] == 1 && known.Shapes[node.Inputs[0]] is [{ Name: Batch }, ..] && node.Int("allowzero", 0) == 0)
            {
                var tensor = Initializer.Of(names.Take($"{target}.free"), shape.Shape,
                    (ReadOnlySpan<long>)[0, .. shape.Ints[1..]]);
                known.Add(tensor);
                added.Add(tensor);
                free = node with { Inputs = [node.Inputs[0], tensor.Name] };
            }

            known.Add(free);
            if (Mixes(free, known))
                throw new InvalidPayloadException($"The {node} does not keep samples apart.");
            nodes.Add(free);
        }

        return (nodes, added);
    }

    // What takes samples together gives, of one, what it should give of each; of more it would not.
    static bool Mixes(Node node, KnownValues known) =>
        node.OpType != "Shape" && node.Inputs.Any(input => input.Length > 0 && HasBatch(known.Shapes[input]))
        && (!HasBatch(known.Shapes[node.Outputs.First(output => output.Length > 0)])
            || (node.OpType is "Softmax" or "LogSoftmax" or "LpNormalization" or "LayerNormalization"
            && (node.Int("axis", -1) is 0 || node.Int("axis", -1) == -known.Shapes[node.Inputs[0]].Count)));

    static bool HasBatch(IReadOnlyList<Dimension> shape) => shape is [{ Name: Batch }, ..];

    static bool Follows(IReadOnlyList<Dimension> shape) =>
        shape is [{ Name: Batch }, ..] && shape.Skip(1).All(length => length.IsFixed);

    static ValueInfo Freed(ValueInfo value) => value.Shape.Count == 0 ? value
        : value with { Shape = [Batch, .. value.Shape.Skip(1)] };
}
