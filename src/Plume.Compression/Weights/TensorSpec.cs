namespace Plume.Compression.Weights;

/// <summary>One tensor of a <see cref="ModelLayout"/>: a named slice of the model's contiguous values.</summary>
/// <param name="Name">Unique in its layout; the name of the ONNX initializer.</param>
/// <param name="Shape">Dimensions, row-major; empty for a scalar.</param>
/// <param name="Offset">Index of the first value in the model's array.</param>
/// <param name="Role">What the tensor is for.</param>
public sealed record TensorSpec(string Name, IReadOnlyList<int> Shape, int Offset, TensorRole Role)
{
    /// <summary>
    /// The dimension of the outputs, along which <c>channel</c> steps differ: 0 for kernels in ONNX order, the last of a MatMul.
    /// </summary>
    public int Axis { get; init; }

    /// <summary>Number of values: the product of the dimensions.</summary>
    /// <exception cref="ArgumentException">There are over 255 dimensions, a negative one, or over 2^31 - 1 values.</exception>
    public int Length { get; } = CountOf(Name, Shape);

    /// <summary>Dimensions that a tensor has at most.</summary>
    public const int MostDimensions = 255;

    /// <summary>Size of the first dimension: output channels of a kernel in ONNX order; 1 for a scalar.</summary>
    public int Channels => Shape.Count == 0 ? 1 : Shape[0];

    /// <summary>Size of the dimension of the outputs; 1 for a scalar.</summary>
    public int Outputs => Shape.Count == 0 ? 1 : Shape[Axis];

    // Where a dimension is zero there are no values, whatever the others would multiply to.
    static int CountOf(string name, IReadOnlyList<int> shape)
    {
        if (shape.Count > MostDimensions)
            throw new ArgumentException($"A tensor has at most {MostDimensions} dimensions; tensor '{name}' has {shape.Count}.",
                nameof(shape));
        long length = 1;
        bool isEmpty = false;
        foreach (int dimension in shape)
        {
            if (dimension < 0)
                throw new ArgumentException($"A dimension must not be negative; tensor '{name}' has {dimension}.", nameof(shape));
            isEmpty |= dimension == 0;
            length = Math.Min(length * dimension, (long)int.MaxValue + 1);
        }

        if (!isEmpty && length > int.MaxValue)
            throw new ArgumentException($"A model holds at most {int.MaxValue} values; tensor '{name}' goes beyond.",
                nameof(shape));
        return isEmpty ? 0 : (int)length;
    }

    /// <summary>Equal when name, shape, offset, role and axis are equal.</summary>
    public bool Equals(TensorSpec? other) =>
        other is not null && Name == other.Name && Offset == other.Offset && Role == other.Role && Axis == other.Axis
            && Shape.SequenceEqual(other.Shape);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Offset, Length, Role);

    /// <summary>For example <c>conv1.weight [16, 1, 5, 5]</c>.</summary>
    public override string ToString() => $"{Name} [{string.Join(", ", Shape)}]";
}
