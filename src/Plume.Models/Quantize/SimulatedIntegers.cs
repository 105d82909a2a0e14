using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Onnx;

namespace Plume.Models.Quantize;

/// <summary>
/// What <see cref="QdqLowering"/> is measured against: a graph with fake quantization as plain ONNX that computes in floats, each
/// quantization by itself and nothing joined. Run it without optimizations.
/// </summary>
public static class SimulatedIntegers
{
    /// <summary>
    /// The graph: weights are moved to their levels, activations go through QuantizeLinear, Clip and DequantizeLinear.
    /// </summary>
    /// <exception cref="InvalidPayloadException">The scales of a weight are not an initializer of floats, or its operator set is
    /// too old.</exception>
    public static ModelGraph Of(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        graph = OpsetUpgrade.To(graph, QdqLowering.PerChannelOpset);
        var names = new FreeNames(graph);
        var tensors = new List<Initializer>(graph.Initializers);
        var nodes = new List<Node>();
        foreach (var node in graph.Nodes)
        {
            if (node.OpType != FakeQuantizer.OpType)
                nodes.Add(node);
            else if (graph.FindFloats(node.Inputs[0]) is { } weight)
                nodes.Add(new Node("", "Identity", [Placed(OnLevels(graph, node, weight))], node.Outputs));
            else
                Activation(node);
        }

        return graph.With(nodes, tensors).Without(FakeQuantizer.Domain);

        void Activation(Node node)
        {
            var quantizer = FakeQuantizer.Of(node);
            string zero = Number(quantizer, quantizer.ZeroPoint), levels = names.Take($"{node.Outputs[0]}_levels"),
                clipped = names.Take($"{node.Outputs[0]}_clipped");
            var axis = node.Attributes.Where(entry => entry.Key == "axis").ToDictionary(StringComparer.Ordinal);
            nodes.Add(new Node("", "QuantizeLinear", [node.Inputs[0], node.Inputs[1], zero], [levels], axis));
            nodes.Add(new Node("", "Clip", [levels, Number(quantizer, quantizer.Lowest), Number(quantizer, quantizer.Highest)],
                [clipped]));
            nodes.Add(new Node("", "DequantizeLinear", [clipped, node.Inputs[1], zero], node.Outputs, axis));
        }

        string Number(FakeQuantizer quantizer, int level) =>
            Placed(new Initializer(names.Take("level"), quantizer.Signed ? ElementType.Int8
                : ElementType.UInt8, [], new[] { unchecked((byte)level) }));

        string Placed(Initializer tensor)
        {
            tensors.Add(tensor);
            return tensor.Name;
        }

        Initializer OnLevels(ModelGraph from, Node node, Initializer weight)
        {
            var quantizer = FakeQuantizer.Of(node);
            var scales = from.FindFloats(node.Input(1))
                ?? throw new InvalidPayloadException($"The scales of {node} must be an initializer of floats.");
            int inner = scales.Length == 1 ? weight.Length
                : weight.Shape.Skip((int)node.Int("axis", 1) + 1).Aggregate(1, (product, length) => product * length);
            float[] values = weight.Floats.ToArray();
            for (int i = 0; i < values.Length; i++)
                values[i] = quantizer.Quantize(values[i], scales.Floats[i / Math.Max(1, inner) % scales.Length]);
            return Initializer.Of(names.Take($"{weight.Name}_levels"), weight.Shape, values);
        }
    }
}
