using System.Text;
using Google.Protobuf;
using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;
using Plume.Models.Onnx.Subgraphs;
using Kind = Plume.Models.Onnx.Messages.AttributeProto.Types.AttributeType;

namespace Plume.Models.Onnx;

/// <summary>Turns the message of a node into a <see cref="Node"/>.</summary>
static class NodeReader
{
    const int Text = 8;
    static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a node; the message keeps only what is not read here.</summary>
    public static Node Read(NodeProto message, ModelSource source)
    {
        var node = new Node(message.Name, message.OpType, [.. message.Input], [.. message.Output]);
        string domain = DomainOf(message.Domain);
        if (message.OpType.Contains('.'))
            throw ModelReader.Broken($"{node}, op_type", "written with a dot",
                "must be a plain name; its operator set belongs in domain");
        if (!source.Opsets.ContainsKey(domain))
            throw ModelReader.Broken($"{node}, domain", $"'{domain}'", "must be among the model's opset_import");
        return node with
        {
            OpType = domain.Length == 0 ? message.OpType : $"{domain}.{message.OpType}",
            Attributes = ReadAttributes(message, node.ToString(), source),
            Unread = RestOf(message, domain),
        };
    }

    /// <summary>ONNX's own operator set has two names: the empty one and this.</summary>
    public static string DomainOf(string domain) => domain == "ai.onnx" ? "" : domain;

    static ReadOnlyMemory<byte> RestOf(NodeProto message, string domain)
    {
        message.Input.Clear();
        message.Output.Clear();
        // A name that is given and empty is written so again.
        if (message.Name.Length > 0)
            message.ClearName();
        message.ClearOpType();
        if (message.Domain == domain)
            message.ClearDomain();
        AttributeProto[] described =
            [.. message.Attribute.Where(attribute => attribute.HasDocString)
                .Select(attribute => new AttributeProto { Name = attribute.Name, DocString = attribute.DocString })];
        message.Attribute.Clear();
        message.Attribute.AddRange(described);
        return message.CalculateSize() == 0 ? default : message.ToByteArray();
    }

    static Dictionary<string, AttributeValue> ReadAttributes(NodeProto message, string node, ModelSource source)
    {
        var attributes = new Dictionary<string, AttributeValue>(StringComparer.Ordinal);
        foreach (var attribute in message.Attribute)
        {
            string place = $"{node}, attribute '{attribute.Name}'";
            if (!attributes.TryAdd(attribute.Name, ReadAttribute(attribute, place, source)))
                throw ModelReader.Broken(place, "given twice", "must be given once");
        }

        return attributes;
    }

    static AttributeValue ReadAttribute(AttributeProto attribute, string place, ModelSource source)
    {
        if (attribute.RefAttrName.Length > 0)
            throw ModelReader.Broken(place, $"a reference to '{attribute.RefAttrName}'", "must be a value outside of functions");
        return attribute.Type switch
        {
            Kind.Float => new FloatValue(attribute.F),
            Kind.Int => new IntValue(attribute.I),
            Kind.String => new TextValue(ReadText(attribute.S, place)),
            Kind.Tensor when attribute.T is { DataType: Text } => Carried(attribute),
            Kind.Tensor when attribute.T is not null =>
                new TensorValue(TensorReader.Read(attribute.T, place, attribute.T.Name, source)),
            Kind.Floats => new FloatsValue([.. attribute.Floats]),
            Kind.Ints => new IntsValue([.. attribute.Ints]),
            Kind.Strings => new TextsValue([.. attribute.Strings.Select(text => ReadText(text, place))]),
            Kind.Graph when attribute.G is not null => SubgraphReader.Read(attribute.G, place, source),
            Kind.SparseTensor or Kind.SparseTensors =>
                throw ModelReader.Broken(place, "a sparse tensor", "must be dense; export the model with dense tensors"),
            Kind.Tensors or Kind.TypeProto or Kind.TypeProtos => Carried(attribute),
            var other => throw ModelReader.Broken(place, $"of type {other}",
                "must be a number, a text, a tensor, a graph, or a list of numbers or texts"),
        };
    }

    static CarriedValue Carried(AttributeProto attribute) => new(attribute.Type.ToString(), attribute.ToByteArray());

    static string ReadText(ByteString text, string place)
    {
        try
        {
            return StrictUtf8.GetString(text.Span);
        }
        catch (DecoderFallbackException error)
        {
            throw new InvalidPayloadException($"ONNX {place} is not valid UTF-8.", error);
        }
    }
}
