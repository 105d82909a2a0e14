using Plume.Compression.Weights;

namespace Plume.Models.Graph;

/// <summary>Tells which initializers of a graph are learned or measured, from the input slots that read them.</summary>
static class TensorRoles
{
    // Operators that hand a weight on: an exporter's transpose, a fake quantization.
    static readonly HashSet<string> HandOn = ["Identity", "Transpose", "Reshape", "Unsqueeze", "QuantizeLinear", "DequantizeLinear", FakeQuantizer.OpType];
    static readonly HashSet<string> Products = ["MatMul", "Gemm", "Conv", "ConvTranspose"];

    /// <summary>The role of each float initializer that a weight-bearing slot reads; the others are constants.</summary>
    public static Dictionary<string, TensorRole> Of(ModelGraph graph)
    {
        var sources = graph.Initializers.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var roles = new Dictionary<string, TensorRole>(StringComparer.Ordinal);
        foreach (var node in graph.Nodes)
        {
            for (int slot = 0; slot < node.Inputs.Count; slot++)
            {
                if (node.Input(slot) is { } input && sources.GetValueOrDefault(input) is { ElementType: ElementType.Float } tensor
                    && RoleOf(graph, node, slot, tensor) is { } role)
                {
                    roles.TryAdd(tensor.Name, role);
                }
            }

            if (HandOn.Contains(node.OpType) && node.Input(0) is { } handed && sources.TryGetValue(handed, out var source))
                sources[node.Outputs[0]] = source;
        }

        return roles;
    }

    static TensorRole? RoleOf(ModelGraph graph, Node node, int slot, Initializer tensor) => (node.OpType, slot) switch
    {
        ("Conv" or "ConvTranspose" or "Gemm", 1) => TensorRole.Weight,
        ("Conv" or "ConvTranspose" or "Gemm", 2) => TensorRole.Bias,
        ("MatMul", 0 or 1) => TensorRole.Weight,
        ("Gather", 0) => TensorRole.Weight,
        ("RNN" or "GRU" or "LSTM", 1 or 2) => TensorRole.Weight,
        ("RNN" or "GRU" or "LSTM", 3) => TensorRole.Bias,
        ("BatchNormalization", 3 or 4) => TensorRole.Statistic,
        ("BatchNormalization" or "InstanceNormalization" or "LayerNormalization" or "GroupNormalization", 1 or 2) => TensorRole.Normalization,
        (FakeQuantizer.OpType, 1) => TensorRole.Normalization,
        ("Add", 0 or 1) when IsVector(tensor) && FollowsProduct(graph, node) => TensorRole.Bias,
        _ => null,
    };

    static bool FollowsProduct(ModelGraph graph, Node add) =>
        add.Inputs.Any(input => graph.ProducerOf(input) is { } other && Products.Contains(other.OpType));

    // A mask or a table that is added to a product is a constant, not a bias.
    static bool IsVector(Initializer tensor) => tensor.Shape.Count > 0 && tensor.Shape.Count(length => length != 1) <= 1;
}
