using Google.Protobuf;
using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;

namespace Plume.Models.Onnx;

/// <summary>Turns a tensor into its message.</summary>
static class TensorWriter
{
    /// <summary>Whether a message has its tensor's values, or leaves room for them.</summary>
    public enum Content
    {
        Values,
        Empty,
    }

    /// <summary>The message, with the values in the field that they were read from.</summary>
    public static TensorProto Write(Initializer tensor, string name, Content content = Content.Values)
    {
        var message = tensor.Unread.IsEmpty ? new TensorProto() : TensorProto.Parser.ParseFrom(tensor.Unread.Span);
        bool isTyped = TensorFields.TakeMark(message);
        message.Dims.AddRange(tensor.Shape.Select(dimension => (long)dimension));
        message.DataType = (int)tensor.ElementType;
        if (name.Length > 0)
            message.Name = name;
        if (isTyped && content == Content.Values)
            TensorFields.Write(message, tensor.Data.Span, tensor.ElementType);
        else if (!isTyped)
            message.RawData = content == Content.Values ? UnsafeByteOperations.UnsafeWrap(tensor.Data) : ByteString.Empty;
        return message;
    }
}
