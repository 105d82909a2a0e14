using Plume.Compression.Wire;

namespace Plume.Compression.Weights.Formats;

/// <summary>One tensor of a <see cref="SafetensorsFile"/>.</summary>
/// <param name="Name">Unique in its file.</param>
/// <param name="Type">The file's word for the type, such as BF16.</param>
/// <param name="Shape">Dimensions, row-major; empty for a scalar.</param>
/// <param name="Data">The values as the file has them: a view, not a copy.</param>
public sealed record SafetensorsTensor(string Name, string Type, IReadOnlyList<int> Shape, ReadOnlyMemory<byte> Data)
{
    /// <summary>Whether 32-bit floats can stand for the values; others are carried as they are.</summary>
    public bool IsFloat => SafetensorsTypes.FormatOf(Type) is not null;
}

/// <summary>
/// A whole safetensors file: every type, the metadata and the order as they are, so that it can be written again to the byte.
/// </summary>
/// <remarks>Source: the format's public description, https://github.com/huggingface/safetensors.</remarks>
public sealed class SafetensorsFile
{
    const int LengthBytes = 8;

    readonly ReadOnlyMemory<byte> head;

    SafetensorsFile(ReadOnlyMemory<byte> head, IReadOnlyList<SafetensorsTensor> tensors) =>
        (this.head, Tensors) = (head, tensors);

    /// <summary>The tensors, in the order of their bytes.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors { get; }

    /// <summary>Reads a file's bytes, of which the tensors are views.</summary>
    /// <exception cref="InvalidPayloadException">A rule of the format is broken.</exception>
    public static SafetensorsFile Read(ReadOnlyMemory<byte> bytes)
    {
        var entries = SafetensorsHeader.Read(bytes.Span, out var data);
        int start = bytes.Length - data.Length;
        return new(bytes[..start],
            [.. entries.Select(entry =>
                new SafetensorsTensor(entry.Name, entry.Type, entry.Shape, bytes[(start + entry.Start)..(start + entry.End)]))]);
    }

    /// <summary>
    /// The floats among the tensors as 32-bit ones, but for those that are to stay as they are; roles are told from names and
    /// shapes.
    /// </summary>
    /// <param name="carried">Names of tensors that are left out; null for none.</param>
    public ModelWeights ToWeights(IReadOnlySet<string>? carried = null)
    {
        SafetensorsTensor[] floats = [.. Tensors.Where(tensor => tensor.IsFloat && carried?.Contains(tensor.Name) != true)];
        var weights = new ModelWeights(
            ModelLayout.Of(floats.Select(tensor =>
                (tensor.Name, tensor.Shape.ToArray(), TensorRoles.Guess(tensor.Name, tensor.Shape.Count)))));
        foreach (var (tensor, place) in floats.Zip(weights.Layout.Tensors))
            FloatFormats.Read(tensor.Data.Span, SafetensorsTypes.FormatOf(tensor.Type)!.Value, weights[place]);
        return weights;
    }

    /// <summary>The file's bytes.</summary>
    public byte[] ToBytes() => ToBytes(head, Tensors);

    /// <summary>The file's header, and the bytes of the tensors that are not in the layout.</summary>
    public byte[] WriteWithout(ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        var left = layout.Tensors.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        return ToBytes(head, [.. Tensors.Where(tensor => !left.Contains(tensor.Name))]);
    }

    /// <summary>The file that <see cref="WriteWithout"/> was made of, with these values, rounded to each tensor's type.</summary>
    /// <exception cref="InvalidPayloadException">A rule of the format is broken, or the file has other tensors.</exception>
    public static SafetensorsFile ReadWith(ReadOnlyMemory<byte> bytes, ModelWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var input = new PayloadReader(bytes.Span);
        ulong length = input.UInt64("header length");
        int start = LengthBytes + input.Bytes((long)Math.Min(length, int.MaxValue), "header").Length;
        var entries = SafetensorsHeader.ReadEntries(bytes.Span[LengthBytes..start]);
        var places = weights.Layout.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var rest = bytes[start..];
        var tensors = new List<SafetensorsTensor>();
        foreach (var entry in entries)
        {
            ReadOnlyMemory<byte> data;
            if (places.Remove(entry.Name, out var place))
            {
                if (SafetensorsTypes.FormatOf(entry.Type) is not { } format || !place.Shape.SequenceEqual(entry.Shape))
                    throw new InvalidPayloadException(
                        $"Tensor '{entry.Name}' is {entry.Type} [{string.Join(", ", entry.Shape)}], but its values are floats "
                            + $"of shape [{string.Join(", ", place.Shape)}].");
                data = FloatFormats.Write(weights[place], format);
            }
            else
            {
                int size = entry.End - entry.Start;
                if (size > rest.Length)
                    throw new InvalidPayloadException($"Tensor '{entry.Name}' takes {size} bytes, but {rest.Length} are left.");
                (data, rest) = (rest[..size], rest[size..]);
            }

            tensors.Add(new(entry.Name, entry.Type, entry.Shape, data));
        }

        return places.Count == 0 && rest.IsEmpty
            ? new(bytes[..start], tensors)
            : throw new InvalidPayloadException("The file's header and its values are of different models.");
    }

    static byte[] ToBytes(ReadOnlyMemory<byte> head, IReadOnlyList<SafetensorsTensor> tensors)
    {
        var bytes = new byte[checked(head.Length + tensors.Sum(tensor => tensor.Data.Length))];
        head.CopyTo(bytes);
        int at = head.Length;
        foreach (var tensor in tensors)
        {
            tensor.Data.CopyTo(bytes.AsMemory(at));
            at += tensor.Data.Length;
        }

        return bytes;
    }
}
