using Plume.Compression.Wire;
using Plume.Models.Graph;

namespace Plume.Models.Onnx;

/// <summary>
/// Writes a graph in a newer version of ONNX's operator set. Newer versions mostly allow more types; some take as an input what
/// was an attribute. Source: the ONNX operator changelog, onnx.ai.
/// </summary>
public static class OpsetUpgrade
{
    /// <summary>The newest version that is known here.</summary>
    public const int Newest = 21;

    // From which version on a node means the same up to the newest as far as inference goes, or is converted.
    static readonly (int Since, string[] Operators)[] Known =
    [
        (1, ["Conv", "ConvTranspose", "MaxPool", "GlobalAveragePool", "GlobalMaxPool", "MatMul", "Identity", "Constant",
            "Flatten", "Transpose", "Gather", "Shape", "Size", "Squeeze", "Unsqueeze", "Softmax", "LogSoftmax", "Slice", "Not",
            "Softplus", "Softsign", "LRN", "DepthToSpace", "SpaceToDepth", "InstanceNormalization", "ArgMax", "ArgMin",
            "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceProd", "ReduceLogSum",
            "ReduceLogSumExp", "ReduceSumSquare"]),
        (2, ["Pad", "Split"]),
        (4, ["Concat"]),
        (5, ["Reshape"]),
        (6, ["Relu", "LeakyRelu", "HardSigmoid", "Sigmoid", "Tanh", "Sqrt", "Exp", "Log", "Abs", "Neg", "Floor", "Ceil",
            "Reciprocal", "Elu", "Selu", "Clip", "Tile"]),
        (7, ["BatchNormalization", "AveragePool", "Gemm", "Add", "Sub", "Mul", "Div", "Pow", "PRelu", "Dropout", "Upsample",
            "And", "Or", "Xor", "Equal", "Less", "Greater", "LSTM", "GRU", "RNN", "Sin", "Cos"]),
        (8, ["Expand", "Max", "Min", "Sum", "Mean"]),
        (9, ["Erf", "Cast", "Where", "ConstantOfShape", "NonZero", "Sign", "IsNaN", "OneHot"]),
        (10, ["QuantizeLinear", "DequantizeLinear", "Resize", "Mod"]),
        (11, ["CumSum", "Range", "Round", "GatherElements", "GatherND", "ScatterND", "ScatterElements", "TopK"]),
        (12, ["Einsum", "LessOrEqual", "GreaterOrEqual"]),
        (14, ["HardSwish", "Trilu"]),
        (16, ["Mish"]),
        (17, ["LayerNormalization"]),
        (20, ["Gelu"]),
    ];

    static readonly Dictionary<string, int> KnownSince =
        Known.SelectMany(group => group.Operators.Select(name => (name, group.Since))).ToDictionary(StringComparer.Ordinal);

    /// <summary>The same graph under at least this version; a newer graph stays as it is.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The version is not known.</exception>
    /// <exception cref="InvalidPayloadException">An operator changed its meaning in between, or is not known; the message names
    /// it.</exception>
    public static ModelGraph To(ModelGraph graph, int version)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(version, Newest);
        if (graph.OpsetVersion >= version)
            return graph;
        if (graph.Nodes.FirstOrDefault(node => !IsConvertible(node, graph.OpsetVersion)) is { } changed)
        {
            throw new InvalidPayloadException(
                $"Model '{graph.Name}' needs operator set {version} but is written in {graph.OpsetVersion}, and the {changed} "
                    + $"may mean something else there; export it in operator set {version} or newer.");
        }

        var conversions = new OpsetConversions(graph, version);
        Node[] nodes = [.. graph.Nodes.SelectMany(conversions.Of)];
        return graph.Replace(nodes, [.. graph.Initializers, .. conversions.Added], version);
    }

    // The mean of windows that reach over the end was mended in version 19; a normalization by place went with 9. Other domains
    // have versions of their own.
    static bool IsConvertible(Node node, int version) => node.OpType.Contains('.')
        || (KnownSince.TryGetValue(node.OpType, out int since) && version >= since
        && !(node.OpType == "AveragePool" && node.Int("ceil_mode", 0) != 0 && version < 19)
            && !(node.OpType == "BatchNormalization" && node.Int("spatial", 1) == 0));
}
