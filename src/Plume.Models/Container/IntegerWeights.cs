using Plume.Compression.Codecs;
using Plume.Compression.Container;
using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Models.Graph;

namespace Plume.Models.Container;

/// <summary>The integer weights of a quantized graph, as whole numbers that a codec can take.</summary>
static class IntegerWeights
{
    // What is smaller costs less in the graph than its name in a layout.
    const int Smallest = 64;

    // Multiples of one, each kept as it is: tables are best for many even levels, contexts for few uneven ones.
    static readonly Codec[] Codecs =
        [Codec.Parse("deadzone(abs=1, exact) | rans"), Codec.Parse("deadzone(abs=1, exact) | range")];

    /// <summary>The integers of all large weights in the smallest file, or null where there are none.</summary>
    public static PlumeFile? Compress(ModelGraph graph) => Of(graph) is { } weights
        ? Codecs.Select(codec => CompressedModel.Compress(weights, codec)).MinBy(file => file.Payload.Length)
        : null;

    static ModelWeights? Of(ModelGraph graph)
    {
        var layout = LayoutOf(graph);
        if (layout.Length == 0)
            return null;
        var weights = new ModelWeights(layout);
        foreach (var tensor in layout.Tensors)
            graph.FindInitializer(tensor.Name)!.ToSmallIntegers().Select(value => (float)value).ToArray().CopyTo(weights[tensor]);
        return weights;
    }

    /// <summary>The graph with zeros in their place.</summary>
    public static ModelGraph Clear(ModelGraph graph) =>
        With(graph, tensor => new Initializer(tensor.Name, tensor.ElementType, tensor.Shape, new byte[tensor.Data.Length]));

    /// <summary>The graph with the integers of a file in their place.</summary>
    /// <exception cref="InvalidPayloadException">They are of other tensors, or out of the range of their type.</exception>
    public static ModelGraph Place(ModelGraph graph, PlumeFile file)
    {
        if (!file.Layout.Equals(LayoutOf(graph)))
            throw new InvalidPayloadException("The file's graph and its integers are of different models.");
        var weights = file.Decode();
        return With(graph, tensor => Write(tensor, weights[tensor.Name]));
    }

    static ModelGraph With(ModelGraph graph, Func<Initializer, Initializer> change) =>
        graph.Replace(initializers: [.. graph.Initializers.Select(tensor => IsTaken(tensor) ? change(tensor) : tensor)]);

    static ModelLayout LayoutOf(ModelGraph graph) =>
        ModelLayout.Of(graph.Initializers.Where(IsTaken)
            .Select(tensor => (tensor.Name, tensor.Shape.ToArray(), TensorRole.Weight)));

    static bool IsTaken(Initializer tensor) =>
        tensor.Length >= Smallest && tensor.ElementType is ElementType.Int8 or ElementType.UInt8 or ElementType.Int4
            or ElementType.UInt4;

    static Initializer Write(Initializer tensor, ReadOnlySpan<float> values)
    {
        var levels = new byte[values.Length];
        int bits = BitsOf(tensor.ElementType), low = IsSigned(tensor.ElementType) ? -1 << (bits - 1)
            : 0, high = low + (1 << bits) - 1;
        for (int i = 0; i < values.Length; i++)
        {
            if (!(values[i] >= low && values[i] <= high))
                throw new InvalidPayloadException(
                    $"Value {i} of tensor '{tensor.Name}' is {values[i]}, which is out of the range of {tensor.ElementType}.");
            levels[i] = unchecked((byte)(int)values[i]);
        }

        return new Initializer(tensor.Name, tensor.ElementType, tensor.Shape, tensor.ElementType.IsHalfByte()
            ? HalfBytes.Pack(levels) : levels);
    }

    static int BitsOf(ElementType type) => type.IsHalfByte() ? 4 : 8;

    static bool IsSigned(ElementType type) => type is ElementType.Int8 or ElementType.Int4;
}
