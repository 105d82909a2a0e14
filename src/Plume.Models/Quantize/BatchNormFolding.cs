using Plume.Compression.Wire;
using Plume.Models.Graph;

namespace Plume.Models.Quantize;

/// <summary>
/// Takes normalizations into the convolutions and products before them: a trained normalization is a factor and a shift
/// of each channel. The result gives the same outputs, to rounding, with fewer nodes and tensors. Source: Jacob et al.,
/// "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018,
/// arXiv:1712.05877, section 3.2.
/// </summary>
public static class BatchNormFolding
{
    /// <summary>
    /// Folds each BatchNormalization whose input is written by a Conv or Gemm that nothing else reads, with weights that are
    /// initializers; one that something else reads too stays for that, and the layer gets a copy. A quantized weight stays on its
    /// levels: its scales take the factor. Others are left alone.
    /// A new bias is named after the weight: <c>conv.bias</c> for <c>conv.weight</c>.
    /// </summary>
    /// <exception cref="InvalidPayloadException">A variance is negative or a number is not finite.</exception>
    public static ModelGraph Apply(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        while (true)
        {
            var readers = graph.Readers();
            FoldableNorm[] found = [.. graph.Nodes.Select(node => FoldableNorm.Find(graph, readers, node))
                .OfType<FoldableNorm>()];
            if (found.Length == 0)
                return graph;
            graph = Fold(graph, found);
        }
    }

    static ModelGraph Fold(ModelGraph graph, FoldableNorm[] found)
    {
        var names = new FreeNames(graph);
        var changed = new Dictionary<string, Initializer>(StringComparer.Ordinal);
        var added = new List<(string After, Initializer Tensor)>();
        var nodes = new Dictionary<Node, Node?>(ReferenceEqualityComparer.Instance);
        foreach (var each in found)
        {
            string weight = each.OwnsWeight ? each.Weight.Name : names.Take(each.Weight.Name);
            string bias = each.Bias is null ? names.Take(BiasName(each)) : each.OwnsBias ? each.Bias.Name
                : names.Take(each.Bias.Name);
            foreach (var tensor in each.Fold(weight, bias))
            {
                if (graph.FindInitializer(tensor.Name) is null)
                    added.Add((each.Weight.Name, tensor));
                else
                    changed.Add(tensor.Name, tensor);
            }

            nodes.Add(each.Norm, null);
            nodes.Add(each.Product, each.Product with
            {
                Inputs = [each.Product.Inputs[0], each.Quantize is null ? weight : each.Product.Inputs[1], bias],
                Outputs = [each.Norm.Outputs[0]]
            });
            if (each.Quantize is { } quantize)
                nodes.Add(quantize, quantize with { Attributes = FakeQuantizer.Of(quantize).ToAttributes(each.Axis) });
        }

        var behind = added.ToLookup(each => each.After, each => each.Tensor, StringComparer.Ordinal);
        var initializers = graph.Initializers.SelectMany(tensor =>
            behind[tensor.Name].Prepend(changed.GetValueOrDefault(tensor.Name, tensor)));
        return graph.With([.. graph.Nodes.Select(node => nodes.TryGetValue(node, out var other) ? other : node).OfType<Node>()],
            initializers);
    }

    static string BiasName(FoldableNorm each) => each.Weight.Name.EndsWith(".weight", StringComparison.Ordinal)
        ? $"{each.Weight.Name[..^".weight".Length]}.bias"
        : $"{(each.Product.Name.Length > 0 ? each.Product.Name : each.Product.Outputs[0])}.bias";
}
