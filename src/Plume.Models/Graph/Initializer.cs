using System.Runtime.InteropServices;
using Plume.Compression.Weights.Formats;

namespace Plume.Models.Graph;

/// <summary>A tensor whose values stand in the graph: a weight, a statistic, or a constant.</summary>
public sealed class Initializer
{
    /// <summary>Wraps <paramref name="data"/> without a copy; it must not change afterwards.</summary>
    /// <param name="name">Unique among the values of its graph; a tensor in an attribute needs none.</param>
    /// <param name="elementType">The type of the values.</param>
    /// <param name="shape">Dimensions, row-major; empty for a scalar.</param>
    /// <param name="data">The values one after another, little-endian.</param>
    /// <exception cref="ArgumentException">The type has no fixed size, a dimension is negative, or the length of the data is not
    /// the shape's.</exception>
    public Initializer(string name, ElementType elementType, IReadOnlyList<int> shape, ReadOnlyMemory<byte> data)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(shape);
        if (!elementType.IsNumber())
            throw new ArgumentException($"Tensor '{name}' cannot be of type {elementType}.", nameof(elementType));
        long length = CountOf(name, shape);
        if (data.Length != elementType.Bytes(length))
            throw new ArgumentException(
                $"Tensor '{name}' [{string.Join(", ", shape)}] of {elementType} takes {elementType.Bytes(length)} bytes, but "
                    + $"{data.Length} were given.", nameof(data));
        Name = name;
        ElementType = elementType;
        Shape = [.. shape];
        Data = data;
        Length = (int)length;
    }

    /// <summary>Unique among the values of its graph; empty for a tensor in an attribute.</summary>
    public string Name { get; }

    /// <summary>The type of the values.</summary>
    public ElementType ElementType { get; }

    /// <summary>Dimensions, row-major; empty for a scalar.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>The values one after another, little-endian.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>Number of values.</summary>
    public int Length { get; }

    /// <summary>Whether the values are floats of some width, which 32-bit floats can stand for.</summary>
    public bool IsFloat => ElementType.ToFloatFormat() is not null;

    /// <summary>What the file says of the tensor beyond this, in its own form.</summary>
    internal ReadOnlyMemory<byte> Unread { get; init; }

    /// <summary>The values: a view, not a copy.</summary>
    /// <exception cref="InvalidOperationException">The tensor is not of type Float.</exception>
    public ReadOnlySpan<float> Floats => View<float>(ElementType.Float);

    /// <summary>The values: a view, not a copy.</summary>
    /// <exception cref="InvalidOperationException">The tensor is not of type Int64.</exception>
    public ReadOnlySpan<long> Ints => View<long>(ElementType.Int64);

    /// <summary>A tensor of floats; the values are copied.</summary>
    /// <exception cref="ArgumentException">The number of values is not the shape's.</exception>
    public static Initializer Of(string name, IReadOnlyList<int> shape, ReadOnlySpan<float> values) =>
        new(name, ElementType.Float, shape, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>A tensor of 64-bit integers; the values are copied.</summary>
    /// <exception cref="ArgumentException">The number of values is not the shape's.</exception>
    public static Initializer Of(string name, IReadOnlyList<int> shape, ReadOnlySpan<long> values) =>
        new(name, ElementType.Int64, shape, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>Writes floats of any width as 32-bit ones: exactly, but for 64-bit ones, which are rounded.</summary>
    /// <exception cref="InvalidOperationException">The tensor holds no floats.</exception>
    /// <exception cref="ArgumentException">The target is not as long as the tensor.</exception>
    public void CopyTo(Span<float> values)
    {
        if (values.Length != Length)
            throw new ArgumentException($"Tensor '{Name}' has {Length} values, but there is room for {values.Length}.",
                nameof(values));
        FloatFormats.Read(Data.Span, FormatOfFloats(), values);
    }

    /// <summary>
    /// The same tensor with other values, which are rounded to its type: to the nearest finite value that it holds.
    /// </summary>
    /// <exception cref="InvalidOperationException">The tensor holds no floats.</exception>
    public Initializer WithFloats(ReadOnlySpan<float> values) =>
        new(Name, ElementType, Shape, FloatFormats.Write(values, FormatOfFloats())) { Unread = Unread };

    /// <summary>The same tensor under another name.</summary>
    internal Initializer Renamed(string name) => new(name, ElementType, Shape, Data) { Unread = Unread };

    FloatFormat FormatOfFloats() =>
        ElementType.ToFloatFormat()
            ?? throw new InvalidOperationException($"Tensor '{Name}' is of type {ElementType}, not of floats.");

    /// <summary>The values of a tensor of integers of 4 or 8 bits: a copy.</summary>
    /// <exception cref="InvalidOperationException">The tensor is of another type.</exception>
    public int[] ToSmallIntegers()
    {
        var bytes = Data.Span;
        var values = new int[Length];
        for (int i = 0; i < values.Length; i++)
        {
            int half = bytes[ElementType.IsHalfByte() ? i / 2 : i] >> (ElementType.IsHalfByte() ? i % 2 * 4 : 0);
            values[i] = ElementType switch
            {
                ElementType.Int8 => (sbyte)half,
                ElementType.UInt8 => half,
                ElementType.Int4 => half << 28 >> 28,
                ElementType.UInt4 => half & 0xF,
                _ => throw new InvalidOperationException(
                    $"Tensor '{Name}' is of type {ElementType}, not of integers of 4 or 8 bits."),
            };
        }

        return values;
    }

    ReadOnlySpan<T> View<T>(ElementType type) where T : struct => ElementType == type
        ? MemoryMarshal.Cast<byte, T>(Data.Span)
        : throw new InvalidOperationException($"Tensor '{Name}' is of type {ElementType}, not {type}.");

    static long CountOf(string name, IReadOnlyList<int> shape)
    {
        long length = 1;
        foreach (int dimension in shape)
        {
            length *= dimension;
            if (dimension < 0 || length > int.MaxValue)
                throw new ArgumentException(
                    $"Tensor '{name}' cannot have shape [{string.Join(", ", shape)}]: dimensions are not negative and a tensor "
                        + $"has at most {int.MaxValue} values.", nameof(shape));
        }

        return length;
    }

    /// <summary>For example <c>fc1.weight: Float [128, 512]</c>.</summary>
    public override string ToString() => $"{Name}: {ElementType} [{string.Join(", ", Shape)}]";
}
