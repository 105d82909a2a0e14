using System.Numerics;
using System.Runtime.InteropServices;
using Plume.Compression.Weights.Formats;
using Plume.Models.Graph;

namespace Plume.Learning.Inference;

/// <summary>A tensor that goes into a model in ONNX Runtime or comes out of it.</summary>
/// <param name="Name">The input or output.</param>
/// <param name="ElementType">The type of its values.</param>
/// <param name="Shape">Its dimensions, row-major; empty for a scalar.</param>
/// <param name="Data">The values one after another, little-endian.</param>
public sealed record RuntimeTensor(string Name, ElementType ElementType, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Data)
{
    /// <summary>Whether values of a type can be made of floats and read as floats.</summary>
    public static bool IsReadable(ElementType type) => type.Size() > 0 && type != ElementType.BFloat16;

    /// <summary>A tensor of any number type with the values of these floats.</summary>
    /// <param name="name">The input.</param>
    /// <param name="type">The type that the model wants.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="values">The values; for integers, whole and within their range.</param>
    /// <exception cref="ArgumentException">The type cannot say a value.</exception>
    public static RuntimeTensor Of(string name, ElementType type, IReadOnlyList<long> shape, ReadOnlySpan<float> values) =>
        new(name, type, shape, type switch
        {
            ElementType.Float => MemoryMarshal.AsBytes(values).ToArray(),
            ElementType.Double => Bytes<double>(name, type, values),
            ElementType.Float16 => Bytes<Half>(name, type, values),
            ElementType.Bool or ElementType.UInt8 => Bytes<byte>(name, type, values),
            ElementType.Int8 => Bytes<sbyte>(name, type, values),
            ElementType.UInt16 => Bytes<ushort>(name, type, values),
            ElementType.Int16 => Bytes<short>(name, type, values),
            ElementType.UInt32 => Bytes<uint>(name, type, values),
            ElementType.Int32 => Bytes<int>(name, type, values),
            ElementType.UInt64 => Bytes<ulong>(name, type, values),
            ElementType.Int64 => Bytes<long>(name, type, values),
            _ => throw new ArgumentException($"Input '{name}' is of type {type}, which no data can be given for.", nameof(type)),
        });

    /// <summary>The values as floats; large integers are rounded.</summary>
    /// <exception cref="InvalidOperationException">The type is not <see cref="IsReadable"/>.</exception>
    public float[] ToFloats() => ElementType switch
    {
        ElementType.Float => MemoryMarshal.Cast<byte, float>(Data.Span).ToArray(),
        ElementType.Double => Floats<double>(),
        ElementType.Float16 => Floats<Half>(),
        ElementType.Bool or ElementType.UInt8 => Floats<byte>(),
        ElementType.Int8 => Floats<sbyte>(),
        ElementType.UInt16 => Floats<ushort>(),
        ElementType.Int16 => Floats<short>(),
        ElementType.UInt32 => Floats<uint>(),
        ElementType.Int32 => Floats<int>(),
        ElementType.UInt64 => Floats<ulong>(),
        ElementType.Int64 => Floats<long>(),
        _ => throw new InvalidOperationException($"Value '{Name}' is of type {ElementType}, which is not read as floats."),
    };

    static byte[] Bytes<T>(string name, ElementType type, ReadOnlySpan<float> values) where T : unmanaged, INumber<T>
    {
        bool isWhole = type is not (ElementType.Double or ElementType.Float16);
        var converted = new T[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            converted[i] = T.CreateSaturating(values[i]);
            if (isWhole && (float.CreateSaturating(converted[i])
                != values[i] || (type == ElementType.Bool && values[i] is not (0 or 1))))
                throw new ArgumentException(
                    $"Input '{name}' takes values of type {type}, but value {i} of the data is {values[i]}.", nameof(values));
        }

        return MemoryMarshal.AsBytes(converted.AsSpan()).ToArray();
    }

    float[] Floats<T>() where T : unmanaged, INumber<T>
    {
        var values = MemoryMarshal.Cast<byte, T>(Data.Span);
        float[] floats = new float[values.Length];
        for (int i = 0; i < floats.Length; i++)
            floats[i] = float.CreateSaturating(values[i]);
        return floats;
    }

    /// <summary>For example <c>ids: Int64 [1, 16]</c>.</summary>
    public override string ToString() => $"{Name}: {ElementType} [{string.Join(", ", Shape)}]";
}
