using Plume.Compression.Weights.Formats;

namespace Plume.Models.Graph;

/// <summary>The type of a tensor's values, with the codes that ONNX gives them (TensorProto.DataType).</summary>
public enum ElementType
{
    /// <summary>No type: not allowed in a graph.</summary>
    Undefined = 0,

    /// <summary>32-bit float: what weights and activations are made of.</summary>
    Float = 1,

    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8 = 2,

    /// <summary>Signed 8-bit integer.</summary>
    Int8 = 3,

    /// <summary>Unsigned 16-bit integer.</summary>
    UInt16 = 4,

    /// <summary>Signed 16-bit integer.</summary>
    Int16 = 5,

    /// <summary>Signed 32-bit integer.</summary>
    Int32 = 6,

    /// <summary>Signed 64-bit integer: shapes and axes.</summary>
    Int64 = 7,

    /// <summary>UTF-8 text; a model's tensors are never text.</summary>
    String = 8,

    /// <summary>One byte, 0 or 1.</summary>
    Bool = 9,

    /// <summary>16-bit IEEE float.</summary>
    Float16 = 10,

    /// <summary>64-bit float.</summary>
    Double = 11,

    /// <summary>Unsigned 32-bit integer.</summary>
    UInt32 = 12,

    /// <summary>Unsigned 64-bit integer.</summary>
    UInt64 = 13,

    /// <summary>Two 32-bit floats.</summary>
    Complex64 = 14,

    /// <summary>Two 64-bit floats.</summary>
    Complex128 = 15,

    /// <summary>Float with 8 bits of exponent and 7 of mantissa.</summary>
    BFloat16 = 16,

    /// <summary>8-bit float, 4 bits of exponent, no infinity.</summary>
    Float8E4M3FN = 17,

    /// <summary>8-bit float, 4 bits of exponent, no infinity and no negative zero.</summary>
    Float8E4M3FNUZ = 18,

    /// <summary>8-bit float, 5 bits of exponent.</summary>
    Float8E5M2 = 19,

    /// <summary>8-bit float, 5 bits of exponent, no infinity and no negative zero.</summary>
    Float8E5M2FNUZ = 20,

    /// <summary>Unsigned 4-bit integer, two in a byte, the first in the low half.</summary>
    UInt4 = 21,

    /// <summary>Signed 4-bit integer, two in a byte, the first in the low half.</summary>
    Int4 = 22,
}

/// <summary>What follows from an <see cref="ElementType"/>.</summary>
public static class ElementTypes
{
    /// <summary>Whether values are of 4 bits.</summary>
    public static bool IsHalfByte(this ElementType type) => type is ElementType.UInt4 or ElementType.Int4;

    /// <summary>The format of values that a 32-bit float stands for while they are worked on; null for other types.</summary>
    public static FloatFormat? ToFloatFormat(this ElementType type) => type switch
    {
        ElementType.Float => FloatFormat.F32,
        ElementType.Float16 => FloatFormat.F16,
        ElementType.BFloat16 => FloatFormat.BF16,
        ElementType.Double => FloatFormat.F64,
        _ => null,
    };

    /// <summary>Whether a tensor can be of this type.</summary>
    public static bool IsNumber(this ElementType type) => type.IsHalfByte() || type.Size() > 0;

    /// <summary>Bytes of a tensor with so many values.</summary>
    public static long Bytes(this ElementType type, long length) => type.IsHalfByte() ? (length + 1) / 2 : length * type.Size();

    /// <summary>
    /// Bytes of one value; 0 where values have no fixed size in bytes (4 bits, text, undefined, unknown codes).
    /// </summary>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.UInt8 or ElementType.Int8 or ElementType.Bool => 1,
        >= ElementType.Float8E4M3FN and <= ElementType.Float8E5M2FNUZ => 1,
        ElementType.UInt16 or ElementType.Int16 or ElementType.Float16 or ElementType.BFloat16 => 2,
        ElementType.Float or ElementType.Int32 or ElementType.UInt32 => 4,
        ElementType.Int64 or ElementType.Double or ElementType.UInt64 or ElementType.Complex64 => 8,
        ElementType.Complex128 => 16,
        _ => 0,
    };
}
