using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;

namespace Plume.Models.Onnx;

/// <summary>Turns the message of a tensor into an <see cref="Initializer"/>, whichever field or file holds its values.</summary>
static class TensorReader
{
    public const int MaximumRank = 32;

    /// <summary>Reads a tensor.</summary>
    /// <param name="tensor">The message; it keeps only what is not read here.</param>
    /// <param name="place">Where it stands, for messages.</param>
    /// <param name="name">The name that it gets.</param>
    /// <param name="source">What the file is read from.</param>
    public static Initializer Read(TensorProto tensor, string place, string name, ModelSource source)
    {
        var type = ReadType(tensor.DataType, place);
        int[] shape = ReadShape(tensor, place);
        long bytes = type.Bytes(shape.Aggregate(1L, (product, dimension) => product * dimension));
        bool isOutside = tensor.DataLocation == TensorProto.Types.DataLocation.External || tensor.ExternalData.Count > 0;
        bool isTyped = !isOutside && !tensor.HasRawData;
        var data = source.FindValues(name, type, shape, place)
            ?? (isOutside ? source.ReadOutside(tensor, bytes, place) : isTyped ? TensorFields.Read(tensor, type, place)
            : ReadRaw(tensor, place));
        if (data.Length != bytes)
            throw new InvalidPayloadException(
                $"ONNX {place} [{string.Join(", ", shape)}] of {type} needs {bytes} bytes of values, but has {data.Length}.");
        Empty(tensor);
        (tensor.DataType, tensor.Name) = (0, "");
        tensor.ClearDataType();
        tensor.ClearName();
        tensor.Dims.Clear();
        TensorFields.Mark(tensor, isTyped);
        return new Initializer(name, type, shape, data)
        {
            Unread = tensor.CalculateSize() == 0 ? default : Google.Protobuf.MessageExtensions.ToByteArray(tensor),
        };
    }

    /// <summary>Takes the values out of a message.</summary>
    public static void Empty(TensorProto tensor)
    {
        tensor.ClearRawData();
        tensor.ClearDataLocation();
        tensor.ExternalData.Clear();
        TensorFields.Clear(tensor);
    }

    public static ElementType ReadType(int code, string place) =>
        Enum.IsDefined((ElementType)code) && ((ElementType)code).IsNumber()
            ? (ElementType)code
            : throw ModelReader.Broken($"{place}, element type", $"{code}", "must be that of a number or a bool");

    static int[] ReadShape(TensorProto tensor, string place)
    {
        if (tensor.Dims.Count > MaximumRank)
            throw ModelReader.Broken($"{place}, dims", $"{tensor.Dims.Count} long",
                $"must have at most {MaximumRank} dimensions");
        long product = 1;
        foreach (long dimension in tensor.Dims)
        {
            if (dimension is < 0 or > int.MaxValue || (product *= dimension) > int.MaxValue)
                throw ModelReader.Broken($"{place}, dims", $"[{string.Join(", ", tensor.Dims)}]",
                    $"must give 0..{int.MaxValue} values");
        }

        return [.. tensor.Dims.Select(dimension => (int)dimension)];
    }

    static ReadOnlyMemory<byte> ReadRaw(TensorProto tensor, string place) => TensorFields.Count(tensor) == 0
        ? tensor.RawData.Memory
        : throw ModelReader.Broken(place, "filled twice", "must have its values in raw_data or in one typed field, not in both");
}
