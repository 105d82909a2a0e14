using Plume.Compression.Container;
using Plume.Models.Graph;

namespace Plume.Models.Onnx;

/// <summary>
/// Declares a newer version of ONNX's operator set for a graph, where that changes nothing: newer versions mostly allow more
/// types. Source: the ONNX operator changelog, onnx.ai.
/// </summary>
public static class OpsetUpgrade
{
    /// <summary>The newest version that is known here.</summary>
    public const int Newest = 21;

    // From which version on a node means the same up to the newest, as far as inference goes.
    static readonly Dictionary<string, int> StableSince = new(StringComparer.Ordinal)
    {
        ["Conv"] = 1,
        ["ConvTranspose"] = 1,
        ["MaxPool"] = 1,
        ["AveragePool"] = 7,
        ["GlobalAveragePool"] = 1,
        ["GlobalMaxPool"] = 1,
        ["BatchNormalization"] = 9,
        ["Gemm"] = 7,
        ["MatMul"] = 1,
        ["Add"] = 7,
        ["Sub"] = 7,
        ["Mul"] = 7,
        ["Div"] = 7,
        ["Pow"] = 7,
        ["Relu"] = 6,
        ["LeakyRelu"] = 6,
        ["PRelu"] = 9,
        ["HardSigmoid"] = 6,
        ["HardSwish"] = 14,
        ["Sigmoid"] = 6,
        ["Tanh"] = 6,
        ["Sqrt"] = 6,
        ["Exp"] = 6,
        ["Neg"] = 6,
        ["Erf"] = 9,
        ["Clip"] = 11,
        ["Softmax"] = 13,
        ["LogSoftmax"] = 13,
        ["Identity"] = 1,
        ["Dropout"] = 12,
        ["Cast"] = 9,
        ["Constant"] = 1,
        ["Flatten"] = 1,
        ["Reshape"] = 5,
        ["Transpose"] = 1,
        ["Concat"] = 4,
        ["Squeeze"] = 13,
        ["Unsqueeze"] = 13,
        ["ReduceMean"] = 18,
        ["Gather"] = 1,
        ["Shape"] = 1,
        ["QuantizeLinear"] = 10,
        ["DequantizeLinear"] = 10,
    };

    /// <summary>The same graph under at least this version; a newer graph stays as it is.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The version is not known.</exception>
    /// <exception cref="InvalidPayloadException">An operator changed its meaning in between, or is not known; the message names it.</exception>
    public static ModelGraph To(ModelGraph graph, int version)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(version, Newest);
        if (graph.OpsetVersion >= version)
            return graph;
        if (graph.Nodes.FirstOrDefault(node => !IsStable(node, graph.OpsetVersion)) is { } changed)
        {
            throw new InvalidPayloadException(
                $"Model '{graph.Name}' needs operator set {version} but is written in {graph.OpsetVersion}, and the {changed} may mean something else there; export it in operator set {version} or newer.");
        }

        return graph.Replace(opset: version);
    }

    // The mean of windows that reach over the end was mended in version 19. Other domains have versions of their own.
    static bool IsStable(Node node, int version) => node.OpType.Contains('.')
        || (StableSince.TryGetValue(node.OpType, out int since) && version >= since && !(node.OpType == "AveragePool" && node.Int("ceil_mode", 0) != 0 && version < 19));
}
