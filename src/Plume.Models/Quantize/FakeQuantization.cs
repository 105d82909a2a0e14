using Plume.Compression.Container;
using Plume.Models.Graph;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Quantize;

/// <summary>
/// Puts <see cref="FakeQuantizer"/> nodes into a graph: the model as it will be with integers, still in floats, so that it can be
/// measured and trained. <see cref="QdqLowering"/> makes the integers of it.
/// </summary>
public static class FakeQuantization
{
    /// <summary>The values whose ranges <see cref="Insert(ModelGraph, QuantizationScheme, IReadOnlyDictionary{string, ActivationHistogram})"/> needs.</summary>
    /// <exception cref="ArgumentException">The scheme names a weight that no layer has.</exception>
    public static IReadOnlyList<string> ValuesToCalibrate(ModelGraph graph, QuantizationScheme scheme) =>
        [.. QuantizationPlan.Of(graph, scheme).Values.Select(value => value.Name)];

    /// <summary>Quantizes what <see cref="QuantizationPlan"/> says; the ranges are chosen by the scheme's policy.</summary>
    /// <param name="graph">A model in floats.</param>
    /// <param name="scheme">Bits, and how levels are chosen.</param>
    /// <param name="seen">What was seen at each of the values to calibrate.</param>
    /// <exception cref="ArgumentException">The scheme names a weight that no layer has, or a value was not calibrated.</exception>
    /// <exception cref="InvalidPayloadException">A weight is not finite.</exception>
    public static ModelGraph Insert(ModelGraph graph, QuantizationScheme scheme, IReadOnlyDictionary<string, ActivationHistogram> seen)
    {
        ArgumentNullException.ThrowIfNull(seen);
        return Insert(graph, scheme, QuantizationPlan.Of(graph, scheme), value => seen.TryGetValue(value.Name, out var histogram) && histogram.Count > 0
            ? scheme.Ranges.Choose(histogram, value.Bits)
            : throw Uncalibrated(value));
    }

    /// <summary>Quantizes what <see cref="QuantizationPlan"/> says, with ranges that are known already.</summary>
    /// <exception cref="ArgumentException">The scheme names a weight that no layer has, or a value has no range.</exception>
    /// <exception cref="InvalidPayloadException">A weight is not finite.</exception>
    public static ModelGraph Insert(ModelGraph graph, QuantizationScheme scheme, IReadOnlyDictionary<string, ValueRange> ranges)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        return Insert(graph, scheme, QuantizationPlan.Of(graph, scheme), value => ranges.TryGetValue(value.Name, out var range) ? range : throw Uncalibrated(value));
    }

    static ModelGraph Insert(ModelGraph graph, QuantizationScheme scheme, QuantizationPlan plan, Func<PlannedValue, ValueRange> rangeOf)
    {
        if (graph.Nodes.FirstOrDefault(node => node.OpType == FakeQuantizer.OpType) is { } already)
            throw new ArgumentException($"Model '{graph.Name}' is quantized already: it has the {already}. Start from the model in floats.", nameof(graph));
        var names = new FreeNames(graph);
        var renamed = new Dictionary<string, string>(StringComparer.Ordinal);
        var behind = new Dictionary<string, Node>(StringComparer.Ordinal);
        var scales = new List<Initializer>();
        foreach (var layer in plan.Layers.DistinctBy(layer => layer.Weight))
        {
            var weight = graph.FindInitializer(layer.Weight)!;
            float[] steps = WeightScales.Of(weight, layer.Axis, layer.Bits, scheme.Fit);
            Place(layer.Weight, new FakeQuantizer(layer.Bits), Initializer.Of(names.Take($"{layer.Weight}_scale"), layer.Axis is null ? [] : [steps.Length], steps), layer.Axis);
        }

        foreach (var value in plan.Values)
        {
            var grid = ActivationGrid.Of(rangeOf(value), value.Bits);
            Place(value.Name, grid.Quantizer, Initializer.Of(names.Take($"{value.Name}_scale"), [], [grid.Scale]), axis: null);
        }

        return graph.With([.. Woven(graph, behind, renamed)], [.. graph.Initializers, .. scales]).WithPlumeOperators();

        void Place(string value, FakeQuantizer quantizer, Initializer scale, int? axis)
        {
            string quantized = names.Take($"{value}_quantized");
            scales.Add(scale);
            renamed.Add(value, quantized);
            behind.Add(value, new Node("", FakeQuantizer.OpType, [value, scale.Name], [quantized], quantizer.ToAttributes(axis)));
        }
    }

    // Inputs are quantized where the graph begins, weights where they are first read, all else behind the node that writes it.
    static IEnumerable<Node> Woven(ModelGraph graph, Dictionary<string, Node> behind, Dictionary<string, string> renamed)
    {
        foreach (var input in graph.Inputs)
        {
            if (behind.Remove(input.Name, out var quantize))
                yield return quantize;
        }

        foreach (var node in graph.Nodes)
        {
            foreach (string input in node.Inputs)
            {
                if (graph.FindInitializer(input) is not null && behind.Remove(input, out var quantize))
                    yield return quantize;
            }

            yield return node.Reading(input => renamed.GetValueOrDefault(input, input));
            foreach (string output in node.Outputs)
            {
                if (behind.Remove(output, out var quantize))
                    yield return quantize;
            }
        }
    }

    static ArgumentException Uncalibrated(PlannedValue value) =>
        new($"Value '{value.Name}' was not calibrated; a model is calibrated on at least one sample, at all of FakeQuantization.ValuesToCalibrate.");
}
