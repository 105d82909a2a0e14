using Google.Protobuf;
using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;
using Kind = Plume.Models.Onnx.Messages.AttributeProto.Types.AttributeType;

namespace Plume.Models.Onnx.Subgraphs;

/// <summary>
/// Reads a graph inside a node as far as its weights go: its tensors become initializers of the model under names of their own,
/// the rest is carried as it is, and <see cref="Fill"/> puts the tensors back.
/// </summary>
static class SubgraphReader
{
    const int FewestIntegers = 64;

    /// <summary>
    /// One tensor of a subgraph or of one inside of it, with the graph that it belongs to and the value that it stands for.
    /// </summary>
    readonly record struct Place(TensorProto Tensor, GraphProto Owner, string Value);

    public static SubgraphValue Read(GraphProto message, string place, ModelSource source)
    {
        var names = new TensorNames();
        var tensors = new List<(int, string)>();
        int number = 0;
        foreach (var (tensor, owner, value) in TensorsOf(message))
        {
            if (IsTaken(tensor))
            {
                string name = source.FreeName($"{place}/{value}");
                source.Inner.Add(TensorReader.Read(tensor.Clone(), $"{place}, tensor '{value}'", name, source));
                Shrink(tensor);
                names.Add(owner, value, name);
                tensors.Add((number, name));
            }

            number++;
        }

        var walk = new SubgraphWalk(names);
        walk.Along(message);
        return new SubgraphValue(message.ToByteArray(), tensors, walk.Nodes, [.. walk.Captures]) { Inner = [.. walk.Inner] };
    }

    /// <summary>The message with the values of its tensors.</summary>
    public static GraphProto Fill(SubgraphValue subgraph, Func<string, Initializer> find,
        Func<string, TensorWriter.Content> contentOf)
    {
        var message = GraphProto.Parser.ParseFrom(subgraph.Message.Span);
        var places = TensorsOf(message).ToList();
        foreach (var (number, name) in subgraph.Tensors)
        {
            var tensor = places[number].Tensor;
            string own = tensor.Name;
            tensor.MergeFrom(TensorWriter.Write(find(name), own, contentOf(name)));
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

    /// <summary>
    /// The model's names for the tensors of the graph itself, without those of graphs inside, by their own names.
    /// </summary>
    public static IEnumerable<(string Value, string Name)> OwnTensors(SubgraphValue subgraph, GraphProto message)
    {
        var places = TensorsOf(message).ToList();
        return subgraph.Tensors.Where(tensor => ReferenceEquals(places[tensor.Number].Owner, message))
            .Select(tensor => (places[tensor.Number].Value, tensor.Name));
    }

    static bool IsTaken(TensorProto tensor) => (ElementType)tensor.DataType switch
    {
        _ when tensor.DataLocation == TensorProto.Types.DataLocation.External || tensor.ExternalData.Count > 0 => true,
        var type when type.ToFloatFormat() is not null => true,
        ElementType.Int8 or ElementType.UInt8 or ElementType.Int4 or ElementType.UInt4 =>
            tensor.Dims.Aggregate(1.0, (count, length) => count * length) >= FewestIntegers,
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
                    yield return new(tensor, graph, node.OpType == "Constant" && node.Output.Count == 1
                        ? node.Output[0] : $"{node.Name}.{attribute.Name}");
                if (attribute is { Type: Kind.Graph, G: { } inner })
                {
                    foreach (var place in TensorsOf(inner))
                        yield return place;
                }
            }
        }
    }
}
