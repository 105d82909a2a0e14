using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Quantize.Plan;

namespace Plume.Models.Quantize;

/// <summary>
/// Makes integers of <see cref="FakeQuantizer"/> nodes, in plain ONNX: weights become integer tensors that are read through
/// DequantizeLinear, activations go through QuantizeLinear and DequantizeLinear. ONNX Runtime joins these with the operators
/// between them to integer kernels. Source: the ONNX specification, onnx.ai, QuantizeLinear and DequantizeLinear.
/// </summary>
/// <remarks>
/// Outputs are those of the graph with fake quantization, to rounding: a value at the middle between two levels may go to either.
/// Bytes: 1 for a weight (a half where it is packed), 4 for each of its scales, 8 for a bias in integers and its scale.
/// </remarks>
public static class QdqLowering
{
    // The first version in which scales may differ by channel, and the first with 4-bit integers.
    internal const int PerChannelOpset = 13, PackedOpset = 21;

    /// <summary>Bits of a level that can be packed two to a byte.</summary>
    internal const int MaxPackedBits = 4;

    /// <summary>
    /// The graph with integers. Normalizations are folded first; a ReLU or Clip that the levels already keep is left out;
    /// operators that only rearrange are wrapped, so that integers pass through them; biases of layers with quantized input and
    /// weight become 32-bit integers with the scale of the products.
    /// </summary>
    /// <param name="graph">A graph of <see cref="FakeQuantization"/>, trained or not. A graph without it is only cleaned.</param>
    /// <param name="packed">
    /// Stores weights of up to 4 bits two to a byte, which needs operator set 21 and IR version 10. It makes a small file, not a
    /// fast one: ONNX Runtime's 4-bit kernels are for matrix products of language models, other layers are computed in floats.
    /// </param>
    /// <exception cref="InvalidPayloadException">
    /// A weight or scale is not finite, a scale is not positive, an activation has signed levels of one bit, or an operator
    /// changed its meaning between the graph's operator set and the one that is needed.
    /// </exception>
    public static ModelGraph Apply(ModelGraph graph, bool packed = false)
    {
        graph = PooledBounds.Apply(BatchNormFolding.Apply(graph));
        bool halves = packed && graph.Nodes.Any(node => node.OpType == FakeQuantizer.OpType
            && graph.FindInitializer(node.Inputs[0]) is not null && FakeQuantizer.Of(node).Bits <= MaxPackedBits);
        return new QdqWriter(OpsetUpgrade.To(graph, halves ? PackedOpset : PerChannelOpset), packed).Write();
    }
}
