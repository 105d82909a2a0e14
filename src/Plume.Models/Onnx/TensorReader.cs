using System.Runtime.InteropServices;
using Google.Protobuf.Collections;
using Plume.Compression.Container;
using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;

namespace Plume.Models.Onnx;

/// <summary>Turns the message of a tensor into an <see cref="Initializer"/>, whichever field holds its values.</summary>
static class TensorReader
{
    public const int MaximumRank = 32;

    public static Initializer Read(TensorProto tensor, string place)
    {
        if (tensor.DataLocation != TensorProto.Types.DataLocation.Default || tensor.ExternalData.Count > 0)
            throw ModelReader.Broken($"{place}, data_location", "another file", "must be this file; save the model as one file");
        var type = ReadType(tensor.DataType, place);
        int[] shape = ReadShape(tensor, place);
        long length = shape.Aggregate(1L, (product, dimension) => product * dimension);
        var data = tensor.HasRawData ? ReadRaw(tensor, place) : ReadFields(tensor, type, place);
        if (data.Length != type.Bytes(length))
        {
            throw new InvalidPayloadException(
                $"ONNX {place} [{string.Join(", ", shape)}] of {type} needs {type.Bytes(length)} bytes of values, but has {data.Length}.");
        }

        return new Initializer(tensor.Name, type, shape, data);
    }

    public static ElementType ReadType(int code, string place) =>
        Enum.IsDefined((ElementType)code) && ((ElementType)code).IsNumber()
            ? (ElementType)code
            : throw ModelReader.Broken($"{place}, element type", $"{code}", "must be that of a number or a bool");

    static int[] ReadShape(TensorProto tensor, string place)
    {
        if (tensor.Dims.Count > MaximumRank)
            throw ModelReader.Broken($"{place}, dims", $"{tensor.Dims.Count} long", $"must have at most {MaximumRank} dimensions");
        long product = 1;
        foreach (long dimension in tensor.Dims)
        {
            if (dimension is < 0 or > int.MaxValue || (product *= dimension) > int.MaxValue)
                throw ModelReader.Broken($"{place}, dims", $"[{string.Join(", ", tensor.Dims)}]", $"must give 0..{int.MaxValue} values");
        }

        return [.. tensor.Dims.Select(dimension => (int)dimension)];
    }

    static ReadOnlyMemory<byte> ReadRaw(TensorProto tensor, string place) =>
        tensor.FloatData.Count + tensor.Int32Data.Count + tensor.Int64Data.Count + tensor.DoubleData.Count + tensor.Uint64Data.Count == 0
            ? tensor.RawData.Memory
            : throw ModelReader.Broken(place, "filled twice", "must have its values in raw_data or in one typed field, not in both");

    static byte[] ReadFields(TensorProto tensor, ElementType type, string place) => type switch
    {
        ElementType.Float => Bytes<float>([.. tensor.FloatData]),
        ElementType.Double => Bytes<double>([.. tensor.DoubleData]),
        ElementType.Int64 => Bytes<long>([.. tensor.Int64Data]),
        ElementType.UInt64 => Bytes<ulong>([.. tensor.Uint64Data]),
        ElementType.UInt32 => Bytes<uint>(Narrow(tensor.Uint64Data, value => checked((uint)value), place)),
        ElementType.Int32 => Bytes<int>([.. tensor.Int32Data]),
        ElementType.Int16 => Bytes<short>(Narrow(tensor.Int32Data, value => checked((short)value), place)),
        ElementType.Int8 => Bytes<sbyte>(Narrow(tensor.Int32Data, value => checked((sbyte)value), place)),
        ElementType.UInt8 or ElementType.Bool or ElementType.UInt4 or ElementType.Int4 => Narrow(tensor.Int32Data, value => checked((byte)value), place),
        _ => Bytes<ushort>(Narrow(tensor.Int32Data, value => checked((ushort)value), place)),
    };

    static TNarrow[] Narrow<TWide, TNarrow>(RepeatedField<TWide> values, Func<TWide, TNarrow> convert, string place)
    {
        try
        {
            return [.. values.Select(convert)];
        }
        catch (OverflowException error)
        {
            throw new InvalidPayloadException($"ONNX {place} has a value that its type cannot hold.", error);
        }
    }

    static byte[] Bytes<T>(ReadOnlySpan<T> values) where T : unmanaged => MemoryMarshal.AsBytes(values).ToArray();
}
