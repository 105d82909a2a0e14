using Google.Protobuf;
using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;
using Plume.Models.Onnx.Subgraphs;
using Kind = Plume.Models.Onnx.Messages.AttributeProto.Types.AttributeType;

namespace Plume.Models.Onnx;

/// <summary>Turns a graph into the messages of a file.</summary>
static class ModelWriter
{
    /// <summary>Writes a model.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="left">Names of tensors whose values are left out; null where all are written.</param>
    public static ModelProto Write(ModelGraph graph, IReadOnlySet<string>? left = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        RequireRoom(graph, left);
        var model = graph.Unread.IsEmpty ? new ModelProto { ProducerName = "Plume" }
            : ModelProto.Parser.ParseFrom(graph.Unread.Span);
        model.IrVersion = IrVersionOf(model, graph);
        WriteOpsets(model, graph);
        model.Graph = WriteGraph(model.Graph ?? new GraphProto(), graph, left);
        foreach (var (key, value) in graph.Metadata)
            model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        return model;
    }

    // A file keeps its version while it is what it was. What we change needs a version whose initializers are no inputs, and that
    // knows the types which the operator set may need.
    static long IrVersionOf(ModelProto model, ModelGraph graph)
    {
        long needed = graph.OpsetVersion >= 21 ? 10 : graph.OpsetVersion >= 19 ? 9 : 8;
        return model.OpsetImport.Any(opset => NodeReader.DomainOf(opset.Domain).Length == 0
            && opset.Version == graph.OpsetVersion) && !IsChanged(graph)
            ? model.IrVersion
            : Math.Max(model.IrVersion, needed);
    }

    static bool IsChanged(ModelGraph graph) => graph.Form.IsEmpty;

    static void WriteOpsets(ModelProto model, ModelGraph graph)
    {
        var opsets = graph.ExtensionOpsets.OrderBy(opset => opset.Key, StringComparer.Ordinal)
            .Prepend(new("", graph.OpsetVersion)).ToDictionary(StringComparer.Ordinal);
        OperatorSetIdProto[] before = [.. model.OpsetImport];
        model.OpsetImport.Clear();
        foreach (var opset in before)
        {
            if (!opsets.Remove(NodeReader.DomainOf(opset.Domain), out int version))
                continue;
            opset.Version = version;
            model.OpsetImport.Add(opset);
        }

        foreach (var (domain, version) in opsets)
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = version });
    }

    // Protobuf counts a message's bytes in 31 bits; a megabyte is kept for names and nodes.
    static void RequireRoom(ModelGraph graph, IReadOnlySet<string>? left)
    {
        long bytes = graph.Initializers.Sum(tensor => left?.Contains(tensor.Name) == true ? 0 : (long)tensor.Data.Length);
        if (bytes > int.MaxValue - (1 << 20))
            throw new ArgumentException(
                $"An .onnx file holds less than 2 GB, but the tensors of '{graph.Name}' take {bytes} bytes.", nameof(graph));
    }

    static GraphProto WriteGraph(GraphProto message, ModelGraph graph, IReadOnlySet<string>? left)
    {
        TensorWriter.Content ContentOf(string name) => left?.Contains(name) == true ? TensorWriter.Content.Empty
            : TensorWriter.Content.Values;
        if (graph.Name.Length > 0)
            message.Name = graph.Name;
        message.Node.AddRange(graph.Nodes.Select(node => WriteNode(node, graph, ContentOf)));
        message.Input.AddRange(graph.Inputs.Select(ValueReader.Write));
        message.Output.AddRange(graph.Outputs.Select(ValueReader.Write));
        var elsewhere = GraphForm.Apply(message, graph, ContentOf);
        elsewhere.UnionWith(graph.Nodes.SelectMany(node => node.Subgraphs).SelectMany(subgraph => subgraph.Tensors)
            .Select(tensor => tensor.Name));
        message.Initializer.AddRange(graph.Initializers.Where(tensor => !elsewhere.Contains(tensor.Name))
            .Select(tensor => TensorWriter.Write(tensor, tensor.Name, ContentOf(tensor.Name))));
        return message;
    }

    static NodeProto WriteNode(Node node, ModelGraph graph, Func<string, TensorWriter.Content> contentOf)
    {
        int dot = node.OpType.LastIndexOf('.');
        var message = node.Unread is { Length: > 0 } rest ? NodeProto.Parser.ParseFrom(rest.Span) : new NodeProto();
        var documents = message.Attribute.ToDictionary(attribute => attribute.Name, attribute => attribute.DocString,
            StringComparer.Ordinal);
        message.Attribute.Clear();
        if (node.Name.Length > 0 || node.Unread is null)
            message.Name = node.Name;
        message.OpType = node.OpType[(dot + 1)..];
        if (dot > 0)
            message.Domain = node.OpType[..dot];
        if (dot > 0 && !graph.ExtensionOpsets.ContainsKey(message.Domain))
            throw new ArgumentException(
                $"The {node} needs the version of operator set '{message.Domain}' in the graph's ExtensionOpsets.",
                nameof(graph));
        message.Input.AddRange(node.Inputs);
        message.Output.AddRange(node.Outputs);
        // A node that comes from a file keeps its order; others have one that does not hang on how they were made.
        var attributes = node.Unread is null ? node.Attributes.OrderBy(entry => entry.Key, StringComparer.Ordinal)
            : node.Attributes.AsEnumerable();
        foreach (var (name, value) in attributes)
        {
            var attribute = WriteAttribute(name, value, graph, contentOf);
            if (documents.TryGetValue(name, out string? document))
                attribute.DocString = document;
            message.Attribute.Add(attribute);
        }

        return message;
    }

    static AttributeProto WriteAttribute(string name, AttributeValue value, ModelGraph graph,
        Func<string, TensorWriter.Content> contentOf) => value switch
        {
            FloatValue number => new() { Name = name, Type = Kind.Float, F = number.Value },
            IntValue number => new() { Name = name, Type = Kind.Int, I = number.Value },
            TextValue text => new() { Name = name, Type = Kind.String, S = ByteString.CopyFromUtf8(text.Value) },
            TensorValue tensor => new()
            {
                Name = name,
                Type = Kind.Tensor,
                T = TensorWriter.Write(tensor.Value, tensor.Value.Name)
            },
            FloatsValue list => new() { Name = name, Type = Kind.Floats, Floats = { list.Values } },
            IntsValue list => new() { Name = name, Type = Kind.Ints, Ints = { list.Values } },
            TextsValue list => new()
            {
                Name = name,
                Type = Kind.Strings,
                Strings = { list.Values.Select(ByteString.CopyFromUtf8) }
            },
            SubgraphValue subgraph =>
                new()
                {
                    Name = name,
                    Type = Kind.Graph,
                    G = SubgraphReader.Fill(subgraph, name => graph.FindInitializer(name)!, contentOf)
                },
            CarriedValue carried => AttributeProto.Parser.ParseFrom(carried.Message.Span),
            _ => throw new ArgumentException($"Attribute '{name}' is of a type that no file holds: {value.GetType().Name}.",
                nameof(value)),
        };
}
