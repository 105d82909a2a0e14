using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;
using Kind = Plume.Models.Onnx.Messages.AttributeProto.Types.AttributeType;

namespace Plume.Models.Onnx;

/// <summary>
/// A Constant is a tensor that is written as a node: it is read as an initializer, so that every weight is seen in one place, and
/// written as a node again where the graph is still the one that was read.
/// </summary>
static class ConstantNodes
{
    const int Text = 8;

    /// <summary>
    /// The initializer that a node stands for, or null for a node that computes. The message keeps all but the values.
    /// </summary>
    public static Initializer? Read(NodeProto node, ModelSource source)
    {
        if (node.OpType != "Constant" || NodeReader.DomainOf(node.Domain).Length > 0 || node.Attribute.Count != 1
            || node.Output.Count != 1 || node.Output[0].Length == 0)
            return null;
        var attribute = node.Attribute[0];
        if (attribute.RefAttrName.Length > 0)
            return null;
        string name = node.Output[0];
        switch (attribute.Name, attribute.Type)
        {
            case ("value", Kind.Tensor) when attribute.T is { DataType: not Text } tensor:
                string own = tensor.Name;
                var read = TensorReader.Read(tensor,
                    $"node '{(node.Name.Length > 0 ? node.Name : name)}' (Constant), attribute 'value'", name, source);
                attribute.T = new TensorProto();
                if (own.Length > 0)
                    attribute.T.Name = own;
                return read;
            case ("value_float", Kind.Float):
                return Initializer.Of(name, [], [attribute.F]);
            case ("value_int", Kind.Int):
                return Initializer.Of(name, [], [attribute.I]);
            case ("value_floats", Kind.Floats):
                return Initializer.Of(name, [attribute.Floats.Count], (ReadOnlySpan<float>)attribute.Floats.ToArray());
            case ("value_ints", Kind.Ints):
                return Initializer.Of(name, [attribute.Ints.Count], (ReadOnlySpan<long>)attribute.Ints.ToArray());
            default:
                return null;
        }
    }

    /// <summary>The node with the values of its initializer.</summary>
    public static NodeProto Fill(NodeProto node, Initializer tensor, TensorWriter.Content content)
    {
        var attribute = node.Attribute[0];
        switch (attribute.Type)
        {
            case Kind.Tensor:
                attribute.T = TensorWriter.Write(tensor, attribute.T.Name, content);
                break;
            case Kind.Float:
                attribute.F = tensor.Floats[0];
                break;
            case Kind.Floats:
                attribute.Floats.Clear();
                attribute.Floats.AddRange(tensor.Floats.ToArray());
                break;
        }

        return node;
    }
}
