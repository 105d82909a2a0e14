using Plume.Compression.Codecs;
using Plume.Compression.Container;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Onnx;

namespace Plume.Models.Container;

/// <summary>
/// Whole models as .plume files: the weights through a codec, the rest of the model's file beside them, as it is.
/// </summary>
/// <remarks>
/// A lossless codec gives every bit back: tensors that 32-bit floats cannot stand for (64-bit ones) or that no payload carries
/// (NaN and infinity) stay in the rest of the file.
/// </remarks>
public static class CompressedModel
{
    /// <summary>Compresses a model.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="codec">What the weights go through. It must remember nothing: a file is made once.</param>
    /// <param name="reference">The model that a codec with <c>delta</c> takes the difference from; null for others.</param>
    /// <exception cref="ArgumentException">
    /// The codec has feedback, the reference is missing or has another layout, or a weight is not finite and the codec is not
    /// lossless.
    /// </exception>
    public static PlumeFile Compress(ModelGraph graph, Codec codec, ModelWeights? reference = null) =>
        Split(graph, codec).Encode(codec, reference);

    /// <summary>Compresses a file of tensors.</summary>
    /// <exception cref="ArgumentException">As for a whole model.</exception>
    public static PlumeFile Compress(SafetensorsFile tensors, Codec codec, ModelWeights? reference = null) =>
        Split(tensors, codec).Encode(codec, reference);

    /// <summary>Compresses weights alone.</summary>
    /// <exception cref="ArgumentException">As for a whole model.</exception>
    public static PlumeFile Compress(ModelWeights weights, Codec codec, ModelWeights? reference = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return new ModelParts(weights, default, PlumeSource.WholeOnnx, null).Encode(codec, reference);
    }

    /// <summary>Takes a model apart, so that it need not be kept while its weights are coded.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="codec">What the weights will go through.</param>
    /// <exception cref="ArgumentException">A weight is not finite and the codec is not lossless.</exception>
    public static ModelParts Split(ModelGraph graph, Codec codec)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(codec);
        var carried = graph.Weights.Tensors.Select(tensor => graph.FindInitializer(tensor.Name)!)
            .Where(tensor => codec.IsLossless && tensor.ElementType == ElementType.Double).Select(tensor => tensor.Name)
                .ToHashSet(StringComparer.Ordinal);
        var weights = Coded(graph.ToWeights(), codec, carried);
        byte[] skeleton = OnnxFile.WriteWithout(IntegerWeights.Clear(graph), weights.Layout.Tensors.Select(tensor => tensor.Name)
            .ToHashSet(StringComparer.Ordinal));
        return new ModelParts(weights, Skeleton.Pack(skeleton), PlumeSource.Onnx, IntegerWeights.Compress(graph));
    }

    /// <summary>Takes a file of tensors apart.</summary>
    /// <exception cref="ArgumentException">As for a whole model.</exception>
    public static ModelParts Split(SafetensorsFile tensors, Codec codec)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(codec);
        var carried = tensors.Tensors.Where(tensor => codec.IsLossless && tensor.Type == "F64").Select(tensor => tensor.Name)
            .ToHashSet(StringComparer.Ordinal);
        var weights = Coded(tensors.ToWeights(), codec, carried);
        return new ModelParts(weights, Skeleton.Pack(tensors.WriteWithout(weights.Layout)), PlumeSource.Safetensors, null);
    }

    /// <summary>The model in a file, or null where the file was not made of one.</summary>
    /// <param name="file">The file.</param>
    /// <param name="reference">The reference model's values where the codec needs one; empty otherwise.</param>
    /// <exception cref="InvalidPayloadException">The graph or the payload breaks a rule.</exception>
    /// <exception cref="ArgumentException">The reference is missing or is another.</exception>
    public static ModelGraph? Decompress(PlumeFile file, ReadOnlyMemory<float> reference = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (file.Graph.IsEmpty || file.Source == PlumeSource.Safetensors)
            return null;
        var graph = OnnxFile.ReadWith(Skeleton.Unpack(file), file.Decode(reference));
        return file.Integers is { } integers ? IntegerWeights.Place(graph, integers) : graph;
    }

    /// <summary>The file of tensors in a file, or null where the file was not made of one.</summary>
    /// <exception cref="InvalidPayloadException">The tensors or the payload break a rule.</exception>
    /// <exception cref="ArgumentException">The reference is missing or is another.</exception>
    public static SafetensorsFile? DecompressTensors(PlumeFile file, ReadOnlyMemory<float> reference = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.Graph.IsEmpty || file.Source != PlumeSource.Safetensors ? null
            : SafetensorsFile.ReadWith(Skeleton.Unpack(file), file.Decode(reference));
    }

    // What goes through the codec: all but what has to stay as it is.
    static ModelWeights Coded(ModelWeights weights, Codec codec, HashSet<string> carried)
    {
        foreach (var tensor in weights.Layout.Tensors.Where(tensor => !carried.Contains(tensor.Name)))
        {
            int strange = weights[tensor].IndexOfAnyExceptFinite();
            if (strange >= 0 && !codec.IsLossless)
                throw new ArgumentException(
                    $"Value {strange} of tensor '{tensor.Name}' is {weights[tensor][strange]}, but '{codec}' takes finite "
                        + $"values only; a lossless line, such as rans, carries it.", nameof(weights));
            if (strange >= 0)
                carried.Add(tensor.Name);
        }

        if (carried.Count == 0)
            return weights;
        var coded = new ModelWeights(
            ModelLayout.Of(weights.Layout.Tensors.Where(tensor => !carried.Contains(tensor.Name))
                .Select(tensor => (tensor.Name, tensor.Shape.ToArray(), tensor.Role, tensor.Axis))));
        foreach (var tensor in coded.Layout.Tensors)
            weights[tensor.Name].CopyTo(coded[tensor]);
        return coded;
    }

    static int IndexOfAnyExceptFinite(this Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
                return i;
        }

        return -1;
    }
}
