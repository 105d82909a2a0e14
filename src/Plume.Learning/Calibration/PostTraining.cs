using Plume.Learning.Data;
using Plume.Models.Graph;
using Plume.Models.Quantize;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Learning.Calibration;

/// <summary>Quantizes a graph after training, with ranges seen on data.</summary>
public static class PostTraining
{
    /// <summary>The graph with fake quantization: to be measured, trained further, or lowered to integers.</summary>
    /// <param name="graph">A model in floats. Its normalizations are folded into the layers before them.</param>
    /// <param name="scheme">Bits, and how levels are chosen.</param>
    /// <param name="samples">Samples to see activations on; some hundreds will do. Null where activations stay floats.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">The scheme names a weight that is not there, there are no samples where they are needed, or they do not fit.</exception>
    public static ModelGraph Quantize(ModelGraph graph, QuantizationScheme scheme, LabeledSet? samples, CancellationToken cancellation = default)
    {
        graph = BatchNormFolding.Apply(graph);
        var names = FakeQuantization.ValuesToCalibrate(graph, scheme);
        var seen = names.ToDictionary(name => name, _ => new ActivationHistogram(), StringComparer.Ordinal);
        if (names.Count > 0)
            GraphObserver.Values(graph, samples ?? throw new ArgumentException("Quantizing activations needs samples to calibrate on.", nameof(samples)), names, (name, values) => seen[name].Add(values), cancellation);
        return FakeQuantization.Insert(graph, scheme, seen);
    }
}
