using Google.Protobuf;
using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;

namespace Plume.Models.Onnx;

/// <summary>Turns what a file says of a value into a <see cref="ValueInfo"/> and back.</summary>
static class ValueReader
{
    public static ValueInfo Read(ValueInfoProto value, string kind)
    {
        string place = $"{kind} '{value.Name}'";
        string name = value.Name;
        value.ClearName();
        // Sequences, maps and optionals are carried: only what computes with them need know them.
        if (value.Type?.TensorType is not { } tensor)
            return new ValueInfo(name, ElementType.Undefined, []) { HasShape = false, Unread = value.ToByteArray() };
        var type = Enum.IsDefined((ElementType)tensor.ElemType) ? (ElementType)tensor.ElemType
            : throw ModelReader.Broken($"{place}, element type", $"{tensor.ElemType}", "must be one that the format knows");
        if (tensor.Shape?.Dim.Count > TensorReader.MaximumRank)
            throw ModelReader.Broken($"{place}, shape", $"{tensor.Shape.Dim.Count} long",
                $"must have at most {TensorReader.MaximumRank} dimensions");
        Dimension[]? shape = tensor.Shape is { } given ? [.. given.Dim.Select(dimension => ReadDimension(dimension, place))]
            : null;
        return new ValueInfo(name, type, shape ?? []) { HasShape = shape is not null, Unread = RestOf(value) };
    }

    public static ValueInfoProto Write(ValueInfo value)
    {
        var message = value.Unread.IsEmpty ? new ValueInfoProto() : ValueInfoProto.Parser.ParseFrom(value.Unread.Span);
        message.Name = value.Name;
        if (value.ElementType == ElementType.Undefined)
            return message;
        message.Type ??= new TypeProto();
        message.Type.TensorType ??= new TypeProto.Types.Tensor();
        message.Type.TensorType.ElemType = (int)value.ElementType;
        var described = message.Type.TensorType.Shape?.Dim;
        message.Type.TensorType.Shape = value.HasShape ? new TensorShapeProto() : null;
        for (int axis = 0; axis < value.Shape.Count; axis++)
        {
            var dimension = WriteDimension(value.Shape[axis]);
            if (described?.Count == value.Shape.Count)
                dimension.MergeFrom(described[axis]);
            message.Type.TensorType.Shape!.Dim.Add(dimension);
        }

        return message;
    }

    static ReadOnlyMemory<byte> RestOf(ValueInfoProto value)
    {
        var tensor = value.Type.TensorType;
        tensor.ClearElemType();
        foreach (var dimension in tensor.Shape?.Dim ?? [])
            dimension.ClearValue();
        if (tensor.Shape?.Dim.All(dimension => dimension.CalculateSize() == 0) == true)
            tensor.Shape = null;
        if (tensor.CalculateSize() == 0)
            value.Type.TensorType = null;
        if (value.Type.CalculateSize() == 0)
            value.Type = null;
        return value.CalculateSize() == 0 ? default : value.ToByteArray();
    }

    static Dimension ReadDimension(TensorShapeProto.Types.Dimension dimension, string place)
    {
        if (!dimension.HasDimValue)
            return Dimension.Symbol(dimension.DimParam);
        return dimension.DimValue is >= 0 and <= int.MaxValue
            ? Dimension.Fixed(dimension.DimValue)
            : throw ModelReader.Broken($"{place}, shape", $"{dimension.DimValue} long",
                $"must be in 0..{int.MaxValue} or a symbol");
    }

    static TensorShapeProto.Types.Dimension WriteDimension(Dimension dimension) => dimension switch
    {
        { IsFixed: true } => new() { DimValue = dimension.Length },
        { Name: { Length: > 0 } name } => new() { DimParam = name },
        _ => new(),
    };
}
