using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Plume.Compression.Weights;

/// <summary>Little-endian floats of several widths, as 32-bit ones.</summary>
static class FloatFormats
{
    /// <summary>Reads as many values as the target has; the type is one that <see cref="SafetensorsTypes.IsFloat"/> knows.</summary>
    public static void Read(ReadOnlySpan<byte> bytes, string type, Span<float> values)
    {
        switch (type)
        {
            case "F32":
                bytes.CopyTo(MemoryMarshal.AsBytes(values));
                break;
            case "F16":
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), values);
                break;
            case "BF16":
                for (int i = 0; i < values.Length; i++)
                    values[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]) << 16);
                break;
            default:
                for (int i = 0; i < values.Length; i++)
                    values[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]);
                break;
        }
    }
}

/// <summary>The element types of the format.</summary>
static class SafetensorsTypes
{
    public static IReadOnlyList<string> Known { get; } =
        ["BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "I64", "U64", "F64"];

    public static bool IsFloat(string type) => type is "F32" or "F16" or "BF16" or "F64";

    /// <summary>Bytes of an element, or none where the type is not one of the format's.</summary>
    public static int? BytesOf(string type) => type switch
    {
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" => 1,
        "I16" or "U16" or "F16" or "BF16" => 2,
        "I32" or "U32" or "F32" => 4,
        "I64" or "U64" or "F64" => 8,
        _ => null,
    };
}
