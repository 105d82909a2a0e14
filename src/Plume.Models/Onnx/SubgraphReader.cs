using Google.Protobuf;
using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;
using Kind = Plume.Models.Onnx.Messages.AttributeProto.Types.AttributeType;

namespace Plume.Models.Onnx;

/// <summary>
/// Reads a graph inside a node as far as its weights go: its tensors become initializers of the model under names of their own,
/// the rest is carried as it is, and <see cref="Fill"/> puts the tensors back.
/// </summary>
static class SubgraphReader
{
    const int FewestIntegers = 64;

    /// <summary>One tensor of a subgraph or of one inside of it, with the graph that it belongs to and the value that it stands for.</summary>
    readonly record struct Place(TensorProto Tensor, GraphProto Owner, string Value);

    public static SubgraphValue Read(GraphProto message, string place, ModelSource source)
    {
        var names = new Dictionary<(GraphProto, string), string>();
        var tensors = new List<(int, string)>();
        int number = 0;
        foreach (var (tensor, owner, value) in TensorsOf(message))
        {
            if (IsTaken(tensor))
            {
                string name = source.FreeName($"{place}/{value}");
                source.Inner.Add(TensorReader.Read(tensor.Clone(), $"{place}, tensor '{value}'", name, source));
                Shrink(tensor);
                names.TryAdd((owner, value), name);
                tensors.Add((number, name));
            }

            number++;
        }

        var nodes = new List<Node>();
        var captures = new HashSet<string>(StringComparer.Ordinal);
        Walk(message, [], names, nodes, captures);
        return new SubgraphValue(message.ToByteArray(), tensors, nodes, [.. captures]);
    }

    /// <summary>The message with the values of its tensors.</summary>
    public static GraphProto Fill(SubgraphValue subgraph, ModelGraph model, Func<string, TensorWriter.Content> contentOf)
    {
        var message = GraphProto.Parser.ParseFrom(subgraph.Message.Span);
        var places = TensorsOf(message).ToList();
        foreach (var (number, name) in subgraph.Tensors)
        {
            var tensor = places[number].Tensor;
            string own = tensor.Name;
            tensor.MergeFrom(TensorWriter.Write(model.FindInitializer(name)!, own, contentOf(name)));
        }

        return message;
    }

    // Only the name stays: the rest is the initializer's.
    static void Shrink(TensorProto tensor)
    {
        tensor.Dims.Clear();
        tensor.ClearDataType();
        tensor.ClearSegment();
        tensor.ClearDocString();
        tensor.MetadataProps.Clear();
        TensorReader.Empty(tensor);
    }

    static bool IsTaken(TensorProto tensor) => (ElementType)tensor.DataType switch
    {
        _ when tensor.DataLocation == TensorProto.Types.DataLocation.External || tensor.ExternalData.Count > 0 => true,
        var type when type.ToFloatFormat() is not null => true,
        ElementType.Int8 or ElementType.UInt8 or ElementType.Int4 or ElementType.UInt4 => tensor.Dims.Aggregate(1.0, (count, length) => count * length) >= FewestIntegers,
        _ => false,
    };

    // In one order, for reading and writing.
    static IEnumerable<Place> TensorsOf(GraphProto graph)
    {
        foreach (var tensor in graph.Initializer)
            yield return new(tensor, graph, tensor.Name);
        foreach (var node in graph.Node)
        {
            foreach (var attribute in node.Attribute)
            {
                if (attribute is { Type: Kind.Tensor, T: { } tensor })
                    yield return new(tensor, graph, node.OpType == "Constant" && node.Output.Count == 1 ? node.Output[0] : $"{node.Name}.{attribute.Name}");
                if (attribute is { Type: Kind.Graph, G: { } inner })
                {
                    foreach (var place in TensorsOf(inner))
                        yield return place;
                }
            }
        }
    }

    // Tells what each node reads, from the graph's own values outward; "around" are the graphs that it stands in, innermost last.
    static void Walk(GraphProto graph, List<(GraphProto Graph, HashSet<string> Values)> around, Dictionary<(GraphProto, string), string> names, List<Node> nodes, HashSet<string> captures)
    {
        var own = graph.Input.Select(input => input.Name).Concat(graph.Initializer.Select(tensor => tensor.Name)).Concat(graph.Node.SelectMany(node => node.Output)).ToHashSet(StringComparer.Ordinal);
        around.Add((graph, own));
        string Resolve(string name)
        {
            if (name.Length == 0)
                return name;
            for (int depth = around.Count - 1; depth >= 0; depth--)
            {
                if (around[depth].Values.Contains(name))
                    return names.GetValueOrDefault((around[depth].Graph, name), name);
            }

            captures.Add(name);
            return name;
        }

        foreach (var node in graph.Node)
        {
            nodes.Add(new Node(node.Name, node.Domain.Length == 0 ? node.OpType : $"{node.Domain}.{node.OpType}", [.. node.Input.Select(Resolve)], [.. node.Output]));
            foreach (var inner in node.Attribute.Where(attribute => attribute is { Type: Kind.Graph, G: not null }))
                Walk(inner.G, around, names, nodes, captures);
        }

        foreach (var output in graph.Output)
            Resolve(output.Name);
        around.RemoveAt(around.Count - 1);
    }
}
