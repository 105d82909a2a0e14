using Plume.Compression.Wire;
using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Models.Graph;
using Plume.Models.Graph.Rewrites;
using Plume.Models.Onnx.Subgraphs;
using Plume.Models.Quantize;
using Plume.Models.Quantize.Calibrate;
using Plume.Models.Quantize.Plan;

namespace Plume.Learning.Calibration;

/// <summary>
/// Quantizes a graph after training, with ranges seen on data in ONNX Runtime, whatever operators the graph has.
/// </summary>
public static class PostTraining
{
    /// <summary>The graph with fake quantization: to be measured, trained further, or lowered to integers.</summary>
    /// <param name="graph">A model in floats. Its normalizations are folded into the layers before them.</param>
    /// <param name="scheme">Bits, and how levels are chosen.</param>
    /// <param name="samples">Samples to see activations on; some hundreds will do. Null where activations stay floats.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">The scheme names a weight that is not there, there are no samples where they are
    /// needed, or they do not fit.</exception>
    /// <exception cref="InvalidPayloadException">ONNX Runtime cannot run the graph, or a value is not finite.</exception>
    public static ModelGraph Quantize(ModelGraph graph, QuantizationScheme scheme, LabeledSet? samples,
        CancellationToken cancellation = default) =>
        Quantize(graph, scheme, (prepared, names, observe) =>
            GraphObserver.Values(prepared, samples ?? throw Without(nameof(samples)), names, observe, cancellation));

    /// <summary>The same for a model with any inputs.</summary>
    /// <param name="graph">A model in floats.</param>
    /// <param name="scheme">Bits, and how levels are chosen.</param>
    /// <param name="feeds">Inputs to see activations on.</param>
    /// <param name="load">Loads the model that gives back its inner values; null for one that is loaded from memory.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">The scheme names a weight that is not there, or there are no inputs where they are
    /// needed.</exception>
    /// <exception cref="InvalidPayloadException">ONNX Runtime cannot run the graph, or a value is not finite.</exception>
    public static ModelGraph Quantize(ModelGraph graph, QuantizationScheme scheme, ModelFeeds? feeds,
        Func<ModelGraph, RuntimeModel>? load = null, CancellationToken cancellation = default) =>
        Quantize(graph, scheme, (prepared, names, observe) =>
            GraphObserver.Values(prepared, feeds ?? throw Without(nameof(feeds)), names, observe, load, cancellation));

    /// <summary>
    /// The graph as it is planned and quantized: weights that it made of its constants are tensors, normalizations are folded
    /// into the layers before them, and matrix products have no factors.
    /// </summary>
    /// <exception cref="InvalidPayloadException">A normalization's numbers are not finite.</exception>
    public static ModelGraph Prepare(ModelGraph graph, QuantizationScheme scheme)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        var folded = BatchNormFolding.Apply(WithConstantWeights(Live.Of(TakenBranches.Of(graph))));
        return scheme.ActivationBits is null ? folded : PlainProducts.Apply(folded);
    }

    static ModelGraph Quantize(ModelGraph graph, QuantizationScheme scheme,
        Action<ModelGraph, IReadOnlyList<string>, ValuesObserver> run)
    {
        graph = Prepare(graph, scheme);
        var names = FakeQuantization.ValuesToCalibrate(graph, scheme);
        var seen = names.ToDictionary(name => name, _ => new ActivationHistogram(), StringComparer.Ordinal);
        if (names.Count > 0)
            run(graph, names, (name, values) => seen[name].Add(values));
        return FakeQuantization.Insert(graph, scheme, seen);
    }

    static ModelGraph WithConstantWeights(ModelGraph graph)
    {
        if (ConstantWeights.Program(graph) is not { } program)
            return graph;
        using var model = new RuntimeModel(program, optimized: false);
        return ConstantWeights.Apply(graph,
            [.. model.Run([]).Select(tensor =>
                new Initializer(tensor.Name, tensor.ElementType, [.. tensor.Shape.Select(length => (int)length)], tensor.Data))]);
    }

    static ArgumentException Without(string parameter) => new("Quantizing activations needs samples to calibrate on.", parameter);
}
