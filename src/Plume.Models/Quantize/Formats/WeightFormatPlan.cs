using Plume.Compression.Wire;
using Plume.Models.Graph;

namespace Plume.Models.Quantize.Formats;

/// <summary>
/// The format of each weight of a model; weights without one stay 32-bit floats, and so does all that is not a layer's weight.
/// </summary>
/// <param name="Formats">By name of the weight.</param>
public sealed record WeightFormatPlan(IReadOnlyDictionary<string, WeightFormat> Formats)
{
    /// <summary>The same format for every layer's weight.</summary>
    public static WeightFormatPlan Uniform(ModelGraph graph, WeightFormat format) =>
        new(Axes(graph).ToDictionary(axis => axis.Key, _ => format));

    /// <summary>The model with weights as they are read back.</summary>
    /// <exception cref="ArgumentException">A name is not that of a layer's weight.</exception>
    /// <exception cref="InvalidPayloadException">A weight is not finite.</exception>
    public ModelGraph Apply(ModelGraph graph)
    {
        var axes = Checked(graph);
        return graph.With(graph.Nodes,
            graph.Initializers.Select(tensor => Formats.TryGetValue(tensor.Name, out var format)
                ? format.Apply(tensor, axes[tensor.Name]) : tensor));
    }

    /// <summary>Bytes of all weights, biases, normalizations and statistics as stored, without names and structure.</summary>
    /// <exception cref="ArgumentException">A name is not that of a layer's weight.</exception>
    public long BytesOf(ModelGraph graph)
    {
        var axes = Checked(graph);
        return graph.Weights.Tensors.Sum(tensor => Formats.TryGetValue(tensor.Name, out var format)
            ? format.BytesOf(tensor.Shape, axes[tensor.Name]) : sizeof(float) * (long)tensor.Length);
    }

    Dictionary<string, int> Checked(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var axes = Axes(graph);
        return Formats.Keys.FirstOrDefault(name => !axes.ContainsKey(name)) is { } unknown
            ? throw new ArgumentException(
                $"The plan names '{unknown}', which is no layer's weight; these are {string.Join(", ", axes.Keys)}.",
                nameof(graph))
            : axes;
    }

    static Dictionary<string, int> Axes(ModelGraph graph) => QuantizationPlan.Of(graph, new(activationBits: null)).Layers
        .DistinctBy(layer => layer.Weight)
        .ToDictionary(layer => layer.Weight, layer => layer.ChannelAxis(graph.FindInitializer(layer.Weight)!));
}
