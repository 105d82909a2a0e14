using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Quantize;

/// <summary>
/// Puts <see cref="FakeQuantizer"/> nodes into a graph: the model as it will be with integers, still in floats, so that it can be
/// measured and trained. <see cref="QdqLowering"/> makes the integers of it.
/// </summary>
public static class FakeQuantization
{
    /// <summary>
    /// The values whose ranges
    /// <see cref="Insert(ModelGraph, QuantizationScheme, IReadOnlyDictionary{string, ActivationHistogram})"/> needs.
    /// </summary>
    /// <exception cref="ArgumentException">The scheme names a weight that no layer has.</exception>
    public static IReadOnlyList<string> ValuesToCalibrate(ModelGraph graph, QuantizationScheme scheme) =>
        [.. QuantizationPlan.Of(graph, scheme).Values.Select(value => value.Name)];

    /// <summary>Quantizes what <see cref="QuantizationPlan"/> says; the ranges are chosen by the scheme's policy.</summary>
    /// <param name="graph">A model in floats.</param>
    /// <param name="scheme">Bits, and how levels are chosen.</param>
    /// <param name="seen">What was seen at each of the values to calibrate.</param>
    /// <exception cref="ArgumentException">The scheme names a weight that no layer has, or a value was not
    /// calibrated.</exception>
    /// <exception cref="InvalidPayloadException">A weight is not finite.</exception>
    public static ModelGraph Insert(ModelGraph graph, QuantizationScheme scheme,
        IReadOnlyDictionary<string, ActivationHistogram> seen)
    {
        ArgumentNullException.ThrowIfNull(seen);
        return Insert(graph, scheme, QuantizationPlan.Of(graph, scheme), value => seen.TryGetValue(value.Name, out var histogram)
            && histogram.Count > 0
            ? scheme.Ranges.Choose(histogram, value.Bits)
            : throw Uncalibrated(value));
    }

    /// <summary>Quantizes what <see cref="QuantizationPlan"/> says, with ranges that are known already.</summary>
    /// <exception cref="ArgumentException">The scheme names a weight that no layer has, or a value has no range.</exception>
    /// <exception cref="InvalidPayloadException">A weight is not finite.</exception>
    public static ModelGraph Insert(ModelGraph graph, QuantizationScheme scheme, IReadOnlyDictionary<string, ValueRange> ranges)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        return Insert(graph, scheme, QuantizationPlan.Of(graph, scheme), value => ranges.TryGetValue(value.Name, out var range)
            ? range : throw Uncalibrated(value));
    }

    static ModelGraph Insert(ModelGraph graph, QuantizationScheme scheme, QuantizationPlan plan,
        Func<PlannedValue, ValueRange> rangeOf)
    {
        if (graph.Nodes.FirstOrDefault(node => node.OpType == FakeQuantizer.OpType) is { } already)
            throw new ArgumentException(
                $"Model '{graph.Name}' is quantized already: it has the {already}. Start from the model in floats.",
                nameof(graph));
        var names = new FreeNames(graph);
        var renamed = new Dictionary<string, string>(StringComparer.Ordinal);
        var behind = new Dictionary<string, Node>(StringComparer.Ordinal);
        var weights = new Dictionary<Node, Node>(ReferenceEqualityComparer.Instance);
        var scales = new List<Initializer>();
        // Layers that read one weight along different axes have levels of their own: an integer kernel knows one scale for each
        // output channel.
        foreach (var uses in plan.Layers.GroupBy(layer => (layer.Weight, layer.Axis)))
        {
            int bits = uses.Max(layer => layer.Bits);
            float[] steps = WeightScales.Of(graph.FindInitializer(uses.Key.Weight)!, uses.Key.Axis, bits, scheme.Fit);
            var quantize = Quantize(uses.Key.Weight, new FakeQuantizer(bits), uses.Key.Axis is null ? []
                : [steps.Length], steps, uses.Key.Axis);
            foreach (var layer in uses)
                weights.Add(layer.Node, quantize);
        }

        foreach (var value in plan.Values)
        {
            var grid = ActivationGrid.Of(rangeOf(value), value.Bits);
            var quantize = Quantize(value.Name, grid.Quantizer, [], [grid.Scale], axis: null);
            renamed.Add(value.Name, quantize.Outputs[0]);
            behind.Add(value.Name, quantize);
        }

        return graph.With([.. Woven(graph, behind, weights, renamed)], [.. graph.Initializers, .. scales]).WithPlumeOperators();

        Node Quantize(string value, FakeQuantizer quantizer, int[] shape, float[] steps, int? axis)
        {
            var scale = Initializer.Of(names.Take($"{value}_scale"), shape, steps);
            scales.Add(scale);
            return new Node("", FakeQuantizer.OpType, [value, scale.Name], [names.Take($"{value}_quantized")],
                quantizer.ToAttributes(axis));
        }
    }

    // Inputs are quantized where the graph begins, weights where a layer first reads them, all else behind the node that writes
    // it.
    static IEnumerable<Node> Woven(ModelGraph graph, Dictionary<string, Node> behind, Dictionary<Node, Node> weights,
        Dictionary<string, string> renamed)
    {
        var written = new HashSet<Node>(ReferenceEqualityComparer.Instance);
        foreach (var input in graph.Inputs)
        {
            if (behind.Remove(input.Name, out var quantize))
                yield return quantize;
        }

        foreach (var node in graph.Nodes)
        {
            var reading = node.Reading(input => renamed.GetValueOrDefault(input, input));
            if (weights.TryGetValue(node, out var weight))
            {
                if (written.Add(weight))
                    yield return weight;
                reading = reading with { Inputs = [reading.Inputs[0], weight.Outputs[0], .. reading.Inputs.Skip(2)] };
            }

            yield return reading;
            foreach (string output in node.Outputs)
            {
                if (behind.Remove(output, out var quantize))
                    yield return quantize;
            }
        }
    }

    static ArgumentException Uncalibrated(PlannedValue value) =>
        new($"Value '{value.Name}' was not calibrated; a model is calibrated on at least one sample, at all of "
            + $"FakeQuantization.ValuesToCalibrate.");
}
