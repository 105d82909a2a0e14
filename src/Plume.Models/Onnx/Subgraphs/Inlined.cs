using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;

namespace Plume.Models.Onnx.Subgraphs;

/// <summary>What a graph inside a node computes, as nodes and tensors of the model around it.</summary>
/// <param name="Nodes">The nodes, of which the last ones write the node's outputs.</param>
/// <param name="Tensors">The tensors; those that the model knew before have the same names.</param>
sealed record Inlined(IReadOnlyList<Node> Nodes, IReadOnlyList<Initializer> Tensors)
{
    /// <summary>Takes a branch out of its node.</summary>
    /// <param name="find">The model's tensor of a name.</param>
    /// <param name="node">The node; the branch has an output for each of its own, and no inputs.</param>
    /// <param name="branch">The branch.</param>
    /// <param name="source">The model's operator sets, and the names that are taken.</param>
    /// <returns>Null where the branch is no plain graph.</returns>
    /// <exception cref="Compression.Wire.InvalidPayloadException">The branch breaks a rule of the format.</exception>
    public static Inlined? Of(Func<string, Initializer> find, Node node, SubgraphValue branch, ModelSource source)
    {
        var message = SubgraphReader.Fill(branch, find, _ => TensorWriter.Content.Values);
        if (message.Input.Count > 0 || message.SparseInitializer.Count > 0 || message.Output.Count < node.Outputs.Count)
            return null;
        var (names, handed) = Names(node, branch, message, source);
        Rename(message, name => names.GetValueOrDefault(name, name));
        foreach (var tensor in message.Initializer)
            tensor.Name = names[tensor.Name];
        var tensors = message.Initializer.Select(tensor =>
            TensorReader.Read(tensor, $"{node}, tensor '{tensor.Name}'", tensor.Name, source)).ToList();
        var nodes = new List<Node>();
        foreach (var each in message.Node)
        {
            if (ConstantNodes.Read(each, source) is { } constant)
                tensors.Add(constant);
            else
                nodes.Add(NodeReader.Read(each, source));
        }

        nodes.AddRange(handed.Select(each =>
            new Node("", "Identity", [names.GetValueOrDefault(each.Value, each.Value)], [each.Output])));
        tensors.AddRange(source.TakeInner());
        return new(nodes, tensors);
    }

    // A value that the branch computes and gives back once has the name of the node's output; others are handed on to it.
    static (Dictionary<string, string> Names, List<(string Value, string Output)> Handed) Names(Node node, SubgraphValue branch,
        GraphProto message, ModelSource source)
    {
        var names = SubgraphReader.OwnTensors(branch, message).DistinctBy(tensor => tensor.Value)
            .ToDictionary(tensor => tensor.Value, tensor => tensor.Name, StringComparer.Ordinal);
        var computed = message.Node.Where(each => each.OpType != "Constant").SelectMany(each => each.Output)
            .ToHashSet(StringComparer.Ordinal);
        var handed = new List<(string, string)>();
        foreach (var (value, output) in message.Output.Select(value => value.Name).Zip(node.Outputs)
            .Where(pair => pair.Second.Length > 0))
        {
            if (!computed.Contains(value) || !names.TryAdd(value, output))
                handed.Add((value, output));
        }

        foreach (string own in SubgraphWalk.OwnValues(message).Where(own => !names.ContainsKey(own)))
            names.Add(own, source.FreeName(own));
        return (names, handed);
    }

    static void Rename(GraphProto graph, Func<string, string> rename)
    {
        foreach (var node in graph.Node)
        {
            Rename(node.Input, rename);
            Rename(node.Output, rename);
            foreach (var inner in SubgraphWalk.GraphsOf(node))
            {
                var own = SubgraphWalk.OwnValues(inner).ToHashSet(StringComparer.Ordinal);
                Rename(inner, name => own.Contains(name) ? name : rename(name));
                foreach (var output in inner.Output.Where(output => !own.Contains(output.Name)))
                    output.Name = rename(output.Name);
            }
        }
    }

    static void Rename(Google.Protobuf.Collections.RepeatedField<string> names, Func<string, string> rename)
    {
        for (int i = 0; i < names.Count; i++)
            names[i] = rename(names[i]);
    }
}
