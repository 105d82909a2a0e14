namespace Plume.Compression.Weights;

/// <summary>One tensor of a <see cref="ModelLayout"/>: a named slice of the model's contiguous values.</summary>
/// <param name="Name">Unique in its layout; the name of the ONNX initializer.</param>
/// <param name="Shape">Dimensions, row-major; empty for a scalar.</param>
/// <param name="Offset">Index of the first value in the model's array.</param>
/// <param name="Role">What the tensor is for.</param>
public sealed record TensorSpec(string Name, IReadOnlyList<int> Shape, int Offset, TensorRole Role)
{
    /// <summary>Number of values: the product of the dimensions.</summary>
    public int Length { get; } = Shape.Aggregate(1, (product, dimension) => checked(product * dimension));

    /// <summary>Size of the first dimension: output channels of a kernel in ONNX order; 1 for a scalar.</summary>
    public int Channels => Shape.Count == 0 ? 1 : Shape[0];

    /// <summary>Equal when name, shape, offset and role are equal.</summary>
    public bool Equals(TensorSpec? other) =>
        other is not null && Name == other.Name && Offset == other.Offset && Role == other.Role && Shape.SequenceEqual(other.Shape);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Offset, Length, Role);

    /// <summary>For example <c>conv1.weight [16, 1, 5, 5]</c>.</summary>
    public override string ToString() => $"{Name} [{string.Join(", ", Shape)}]";
}
