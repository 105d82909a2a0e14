using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Text;

namespace Plume.Compression.Weights;

/// <summary>
/// The names, shapes and places of a model's tensors in one contiguous array of floats. Both ends of a wire hold the
/// same layout, so a payload carries none of it and every count in a payload is checked against it.
/// </summary>
public sealed class ModelLayout : IEquatable<ModelLayout>
{
    readonly TensorSpec[] tensors;
    readonly Dictionary<string, TensorSpec> byName;

    ModelLayout(TensorSpec[] tensors)
    {
        this.tensors = tensors;
        byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Length = tensors.Length == 0 ? 0 : tensors[^1].Offset + tensors[^1].Length;
        Fingerprint = ComputeFingerprint(tensors);
    }

    /// <summary>The tensors in the order of their offsets, without gaps.</summary>
    public IReadOnlyList<TensorSpec> Tensors => tensors;

    /// <summary>Number of values of the whole model.</summary>
    public int Length { get; }

    /// <summary>
    /// 64-bit hash of names, shapes, roles and axes: two layouts with the same fingerprint hold the same tensors.
    /// </summary>
    public ulong Fingerprint { get; }

    /// <summary>The tensor of that name.</summary>
    /// <exception cref="ArgumentException">No tensor has that name.</exception>
    public TensorSpec this[string name] => byName.TryGetValue(name, out var tensor)
        ? tensor
        : throw new ArgumentException($"The layout has no tensor '{name}'; it has {string.Join(", ", byName.Keys.Take(8))}.",
            nameof(name));

    /// <summary>Places the tensors one after another, in the order given.</summary>
    /// <exception cref="ArgumentException">A name is empty or repeated, a dimension is negative, there are over 255 of them, or
    /// the model has over 2^31 - 1 values.</exception>
    [OverloadResolutionPriority(1)]
    public static ModelLayout Of(IEnumerable<(string Name, int[] Shape, TensorRole Role)> tensors) =>
        Of(tensors.Select(tensor => (tensor.Name, tensor.Shape, tensor.Role, 0)));

    /// <summary>Places the tensors one after another, in the order given, each with the dimension of its outputs.</summary>
    /// <exception cref="ArgumentException">As without; or an axis is not one of its tensor's.</exception>
    public static ModelLayout Of(IEnumerable<(string Name, int[] Shape, TensorRole Role, int Axis)> tensors)
    {
        var placed = new List<TensorSpec>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        long offset = 0;
        foreach (var (name, shape, role, axis) in tensors)
        {
            if (string.IsNullOrEmpty(name) || !names.Add(name))
                throw new ArgumentException($"A tensor's name must be unique and not empty; '{name}' is not.", nameof(tensors));
            var tensor = new TensorSpec(name, [.. shape], (int)offset, role) { Axis = axis };
            if (offset + tensor.Length > int.MaxValue)
                throw new ArgumentException($"A model holds at most {int.MaxValue} values; tensor '{name}' goes beyond.",
                    nameof(tensors));
            if (axis < 0 || axis >= Math.Max(1, shape.Length))
                throw new ArgumentException(
                    $"The axis of a tensor must be one of its {shape.Length} dimensions; that of '{name}' is {axis}.",
                    nameof(tensors));
            placed.Add(tensor);
            offset += tensor.Length;
        }

        return new ModelLayout([.. placed]);
    }

    static ulong ComputeFingerprint(TensorSpec[] tensors)
    {
        var hash = new XxHash64();
        Span<byte> number = stackalloc byte[4];
        foreach (var tensor in tensors)
        {
            hash.Append(Encoding.UTF8.GetBytes(tensor.Name));
            hash.Append([0, (byte)tensor.Role, (byte)tensor.Shape.Count]);
            foreach (int dimension in tensor.Shape)
            {
                BinaryPrimitives.WriteInt32LittleEndian(number, dimension);
                hash.Append(number);
            }

            // Layouts without an axis hash as they always did.
            if (tensor.Axis > 0)
                hash.Append([0xFF, checked((byte)tensor.Axis)]);
        }

        return hash.GetCurrentHashAsUInt64();
    }

    /// <inheritdoc/>
    public bool Equals(ModelLayout? other) =>
        other is not null && (ReferenceEquals(this, other) || tensors.SequenceEqual(other.tensors));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ModelLayout);

    /// <inheritdoc/>
    public override int GetHashCode() => Fingerprint.GetHashCode();
}
