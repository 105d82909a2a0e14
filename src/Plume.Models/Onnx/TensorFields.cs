using System.Runtime.InteropServices;
using Google.Protobuf.Collections;
using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;

namespace Plume.Models.Onnx;

/// <summary>The fields of a tensor's message that hold values one by one, by their type.</summary>
static class TensorFields
{
    public static int Count(TensorProto tensor) =>
        tensor.FloatData.Count + tensor.Int32Data.Count + tensor.Int64Data.Count + tensor.DoubleData.Count
            + tensor.Uint64Data.Count;

    public static void Clear(TensorProto tensor)
    {
        tensor.FloatData.Clear();
        tensor.Int32Data.Clear();
        tensor.Int64Data.Clear();
        tensor.DoubleData.Clear();
        tensor.Uint64Data.Clear();
    }

    // What is left of a message has no values, so that one number in it can say that they stood in such a field.
    public static void Mark(TensorProto rest, bool isTyped)
    {
        if (isTyped)
            rest.Int32Data.Add(1);
    }

    public static bool TakeMark(TensorProto rest)
    {
        bool isTyped = rest.Int32Data.Count > 0;
        rest.Int32Data.Clear();
        return isTyped;
    }

    public static byte[] Read(TensorProto tensor, ElementType type, string place) => type switch
    {
        ElementType.Float or ElementType.Complex64 => Bytes(tensor.FloatData),
        ElementType.Double or ElementType.Complex128 => Bytes(tensor.DoubleData),
        ElementType.Int64 => Bytes(tensor.Int64Data),
        ElementType.UInt64 => Bytes(tensor.Uint64Data),
        ElementType.UInt32 => Bytes(Narrow(tensor.Uint64Data, value => checked((uint)value), place)),
        ElementType.Int32 => Bytes(tensor.Int32Data),
        ElementType.Int16 => Bytes(Narrow(tensor.Int32Data, value => checked((short)value), place)),
        ElementType.Int8 => Bytes(Narrow(tensor.Int32Data, value => checked((sbyte)value), place)),
        ElementType.UInt16 or ElementType.Float16 or ElementType.BFloat16 =>
            Bytes(Narrow(tensor.Int32Data, value => checked((ushort)value), place)),
        _ => Narrow(tensor.Int32Data, value => checked((byte)value), place),
    };

    public static void Write(TensorProto tensor, ReadOnlySpan<byte> data, ElementType type)
    {
        switch (type)
        {
            case ElementType.Float or ElementType.Complex64:
                tensor.FloatData.AddRange(MemoryMarshal.Cast<byte, float>(data).ToArray());
                break;
            case ElementType.Double or ElementType.Complex128:
                tensor.DoubleData.AddRange(MemoryMarshal.Cast<byte, double>(data).ToArray());
                break;
            case ElementType.Int64:
                tensor.Int64Data.AddRange(MemoryMarshal.Cast<byte, long>(data).ToArray());
                break;
            case ElementType.UInt64:
                tensor.Uint64Data.AddRange(MemoryMarshal.Cast<byte, ulong>(data).ToArray());
                break;
            case ElementType.UInt32:
                Widen<uint, ulong>(data, value => value, tensor.Uint64Data);
                break;
            case ElementType.Int32:
                tensor.Int32Data.AddRange(MemoryMarshal.Cast<byte, int>(data).ToArray());
                break;
            case ElementType.Int16:
                Widen<short, int>(data, value => value, tensor.Int32Data);
                break;
            case ElementType.Int8:
                Widen<sbyte, int>(data, value => value, tensor.Int32Data);
                break;
            case ElementType.UInt16 or ElementType.Float16 or ElementType.BFloat16:
                Widen<ushort, int>(data, value => value, tensor.Int32Data);
                break;
            default:
                Widen<byte, int>(data, value => value, tensor.Int32Data);
                break;
        }
    }

    static void Widen<TNarrow, TWide>(ReadOnlySpan<byte> data, Func<TNarrow, TWide> convert, RepeatedField<TWide> field)
        where TNarrow : unmanaged =>
        field.AddRange(MemoryMarshal.Cast<byte, TNarrow>(data).ToArray().Select(convert));

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

    static byte[] Bytes<T>(RepeatedField<T> values) where T : unmanaged
    {
        var bytes = new byte[checked(values.Count * Marshal.SizeOf<T>())];
        var target = MemoryMarshal.Cast<byte, T>(bytes.AsSpan());
        for (int i = 0; i < target.Length; i++)
            target[i] = values[i];
        return bytes;
    }

    static byte[] Bytes<T>(ReadOnlySpan<T> values) where T : unmanaged => MemoryMarshal.AsBytes(values).ToArray();

    static byte[] Bytes<T>(T[] values) where T : unmanaged => Bytes((ReadOnlySpan<T>)values);
}
