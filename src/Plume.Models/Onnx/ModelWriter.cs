using Google.Protobuf;
using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;
using Kind = Plume.Models.Onnx.Messages.AttributeProto.Types.AttributeType;

namespace Plume.Models.Onnx;

/// <summary>Turns a graph into the messages of a file.</summary>
static class ModelWriter
{
    // The first version of the format whose types the operator set may need.
    static int IrVersionFor(int opset) => opset >= 21 ? 10 : opset >= 19 ? 9 : 8;

    public static ModelProto Write(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        RequireRoom(graph);
        var model = new ModelProto { IrVersion = IrVersionFor(graph.OpsetVersion), ProducerName = "Plume", Graph = WriteGraph(graph) };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = graph.OpsetVersion });
        foreach (var (domain, version) in graph.ExtensionOpsets.OrderBy(opset => opset.Key, StringComparer.Ordinal))
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = version });
        foreach (var (key, value) in graph.Metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        return model;
    }

    // Protobuf counts a message's bytes in 31 bits; a megabyte is kept for names and nodes.
    static void RequireRoom(ModelGraph graph)
    {
        long bytes = graph.Initializers.Sum(tensor => (long)tensor.Data.Length);
        if (bytes > int.MaxValue - (1 << 20))
            throw new ArgumentException($"An .onnx file holds less than 2 GB, but the tensors of '{graph.Name}' take {bytes} bytes.", nameof(graph));
    }

    static GraphProto WriteGraph(ModelGraph graph)
    {
        var message = new GraphProto { Name = graph.Name };
        message.Node.AddRange(graph.Nodes.Select(node => WriteNode(node, graph)));
        message.Initializer.AddRange(graph.Initializers.Select(WriteTensor));
        message.Input.AddRange(graph.Inputs.Select(WriteValue));
        message.Output.AddRange(graph.Outputs.Select(WriteValue));
        return message;
    }

    static NodeProto WriteNode(Node node, ModelGraph graph)
    {
        int dot = node.OpType.LastIndexOf('.');
        var message = new NodeProto { Name = node.Name, OpType = node.OpType[(dot + 1)..] };
        if (dot > 0)
            message.Domain = node.OpType[..dot];
        if (dot > 0 && !graph.ExtensionOpsets.ContainsKey(message.Domain))
            throw new ArgumentException($"The {node} needs the version of operator set '{message.Domain}' in the graph's ExtensionOpsets.", nameof(graph));
        message.Input.AddRange(node.Inputs);
        message.Output.AddRange(node.Outputs);
        message.Attribute.AddRange(node.Attributes.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => WriteAttribute(entry.Key, entry.Value)));
        return message;
    }

    static AttributeProto WriteAttribute(string name, AttributeValue value) => value switch
    {
        FloatValue number => new() { Name = name, Type = Kind.Float, F = number.Value },
        IntValue number => new() { Name = name, Type = Kind.Int, I = number.Value },
        TextValue text => new() { Name = name, Type = Kind.String, S = ByteString.CopyFromUtf8(text.Value) },
        TensorValue tensor => new() { Name = name, Type = Kind.Tensor, T = WriteTensor(tensor.Value) },
        FloatsValue list => new() { Name = name, Type = Kind.Floats, Floats = { list.Values } },
        IntsValue list => new() { Name = name, Type = Kind.Ints, Ints = { list.Values } },
        TextsValue list => new() { Name = name, Type = Kind.Strings, Strings = { list.Values.Select(ByteString.CopyFromUtf8) } },
        _ => throw new ArgumentException($"Attribute '{name}' is of a type that no file holds: {value.GetType().Name}.", nameof(value)),
    };

    static TensorProto WriteTensor(Initializer tensor) => new()
    {
        Dims = { tensor.Shape.Select(dimension => (long)dimension) },
        DataType = (int)tensor.ElementType,
        Name = tensor.Name,
        RawData = UnsafeByteOperations.UnsafeWrap(tensor.Data),
    };

    static ValueInfoProto WriteValue(ValueInfo value)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)value.ElementType };
        if (value.HasShape)
        {
            tensor.Shape = new TensorShapeProto();
            tensor.Shape.Dim.AddRange(value.Shape.Select(WriteDimension));
        }

        return new ValueInfoProto { Name = value.Name, Type = new TypeProto { TensorType = tensor } };
    }

    static TensorShapeProto.Types.Dimension WriteDimension(Dimension dimension) => dimension switch
    {
        { IsFixed: true } => new() { DimValue = dimension.Length },
        { Name: { Length: > 0 } name } => new() { DimParam = name },
        _ => new(),
    };
}
